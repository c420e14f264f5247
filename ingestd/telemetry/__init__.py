"""What the program says of itself: facts in a log, numbers for Prometheus, health for probes."""

import platform
import sys
from collections.abc import Iterable

from ingestd import __version__
from ingestd.interfaces import Clock
from ingestd.settings import LogSettings
from ingestd.telemetry.logger import FeatureLogger
from ingestd.telemetry.metrics import Metrics


class Reporter:
    """The one ``Telemetry`` that loops speak to: facts to the log, numbers to the metrics."""

    def __init__(self, logger: FeatureLogger, metrics: Metrics) -> None:
        self._logger = logger
        self.metrics = metrics
        metrics.on_scrape(self._count_lost_lines)

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Say that something happened; ``action`` is one of ``logger.ACTIONS``."""
        self._logger.fact(action, **labels)

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Count it, or observe it in a histogram; ``name`` is one of ``metrics.METRICS``."""
        self.metrics.add(name, value, **labels)

    def hide(self, secrets: Iterable[str]) -> None:
        """Never let these texts out."""
        self._logger.register_secret(*secrets)

    def _count_lost_lines(self) -> None:
        self.metrics.set("log_lines_lost_total", self._logger.lost)


def build_reporter(log: LogSettings, clock: Clock, *, terminal: bool) -> Reporter:
    """Facts to stderr as ``log`` says (``auto``: a sentence if ``terminal``, else JSON), what libraries say among them."""
    form = log.format if log.format != "auto" else "text" if terminal else "json"
    logger = FeatureLogger(sys.stderr, clock, version=__version__, form=form, level=log.level)
    logger.take_over_libraries()
    metrics = Metrics()
    metrics.set("build_info", 1, version=__version__, python=platform.python_version())
    return Reporter(logger, metrics)
