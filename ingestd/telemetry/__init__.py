"""What the program says of itself: facts in a log, numbers for Prometheus, health for probes."""

import platform
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ingestd import __version__
from ingestd.interfaces import Clock
from ingestd.settings import LogSettings, SentrySettings
from ingestd.telemetry.logger import FeatureLogger, Listener
from ingestd.telemetry.outlets import Form, to_files, to_stream
from ingestd.telemetry.redact import Redactor
from ingestd.telemetry.series import Metrics

if TYPE_CHECKING:
    from ingestd.telemetry.sentry import Sentry


class Reporter:
    """The one ``Telemetry`` that loops speak to: facts to the log and to whoever listens, numbers to the metrics."""

    def __init__(self, logger: FeatureLogger, metrics: Metrics, redactor: Redactor) -> None:
        self._logger = logger
        self.metrics = metrics
        self.redactor = redactor
        self._sentry: Sentry | None = None
        metrics.on_scrape(self._count_lost_lines)

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Say that something happened; ``action`` is one of ``actions.ACTIONS``."""
        self._logger.fact(action, **labels)

    def bound(self, **labels: str | float) -> AbstractContextManager[None]:
        """Within it, in this task and those that it begins, every fact has these labels as well."""
        return self._logger.bound(**labels)

    def listen(self, listener: Listener) -> None:
        """Tell this one of every fact from now on. It must neither wait nor fail."""
        self._logger.listen(listener)

    def tell_kept_back(self, *, everything: bool = False) -> None:
        """To be called now and then, and at the end for everything: what floods left unsaid is said once they are over."""
        self._logger.tell_kept_back(everything=everything)

    def failed(self, action: str, cause: BaseException, /) -> None:
        """Say that something happened because of an exception, with its stack."""
        self._logger.failed(action, cause)

    def report_to(self, sentry: SentrySettings) -> None:
        """Send errors to Sentry as well, if it has a DSN; to be called where the loop runs."""
        if sentry.dsn is not None:
            from ingestd.telemetry.sentry import Sentry  # noqa: PLC0415 - heavy

            self._sentry = Sentry(sentry, self.redactor)
            self._logger.listen(self._sentry.hear)

    def adopt(self, log: LogSettings) -> None:
        """Say from now on what ``log`` says, by its levels alone."""
        self._logger.adopt(log.level, log.levels)

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Count it, or observe it in a histogram; ``name`` is one of ``metrics.METRICS``."""
        self.metrics.add(name, value, **labels)

    def hide(self, secrets: Iterable[str]) -> None:
        """Never let these texts out."""
        self.redactor.register(secrets)

    async def close(self) -> None:
        """Say what is left to be said; takes two seconds at most."""
        self._logger.tell_kept_back(everything=True)
        if self._sentry is not None:
            await self._sentry.close()
        self._logger.close()

    def _count_lost_lines(self) -> None:
        self.metrics.set("log_lines_lost_total", self._logger.lost)


def build_reporter(log: LogSettings, clock: Clock, *, terminal: bool) -> Reporter:
    """Facts to stderr as ``log`` says (``auto``: a sentence if ``terminal``, else JSON), what libraries say among them.

    Raises ConfigError where the log file cannot be written.
    """
    people = log.format == "text" or (log.format == "auto" and terminal)
    outlets = [to_stream(sys.stderr, "text" if people else "json", __version__)]
    if log.file is not None:
        form: Form = "text" if log.format == "text" else "json"
        outlets.append(to_files(log.file, form, __version__, size=log.file_size, count=log.file_count))
    redactor = Redactor()
    logger = FeatureLogger(outlets, clock, redactor, level=log.level, levels=log.levels)
    logger.take_over_libraries()
    metrics = Metrics(redactor.text)
    metrics.set("build_info", 1, version=__version__, python=platform.python_version())
    return Reporter(logger, metrics, redactor)
