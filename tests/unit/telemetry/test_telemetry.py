"""The one voice that loops use."""

import io
import json
import logging

import pytest

from ingestd import __version__
from ingestd.settings import LogSettings
from ingestd.telemetry import Reporter, build_reporter
from ingestd.telemetry.logger import FeatureLogger
from ingestd.telemetry.metrics import Metrics
from tests.unit.telemetry.conftest import StillClock


def test_reporter(clock: StillClock) -> None:
    """Facts go to the log, numbers to the metrics, secrets nowhere, and lines that are lost are counted."""
    stream = io.StringIO()
    reporter = Reporter(FeatureLogger(stream, clock, version="", form="json"), Metrics())
    reporter.hide(["hunter2"])
    reporter.fact("source.connected", source="hunter2")
    reporter.add("sink_retries_total")
    assert json.loads(stream.getvalue())["labels.source"] == "***"
    assert b"ingestd_sink_retries_total 1.0" in reporter.metrics.page("")[2]
    assert b"ingestd_log_lines_lost_total 0.0" in reporter.metrics.page("")[2]
    stream.close()
    reporter.fact("source.connected", source="a")
    assert b"ingestd_log_lines_lost_total 1.0" in reporter.metrics.page("")[2]


@pytest.mark.usefixtures("root_logger")
@pytest.mark.parametrize(
    ("log", "terminal", "is_json"),
    [
        (LogSettings(), False, True),
        (LogSettings(), True, False),
        (LogSettings(format="json"), True, True),
        (LogSettings(format="text"), False, False),
    ],
    ids=str,
)
def test_as_configured(clock: StillClock, capsys: pytest.CaptureFixture[str], log: LogSettings, terminal: bool, is_json: bool) -> None:
    """``auto`` follows the terminal, anything else the setting; libraries speak the same way."""
    build_reporter(log, clock, terminal=terminal)
    logging.getLogger("library").warning("careful")
    assert capsys.readouterr().err.startswith("{") == is_json


@pytest.mark.usefixtures("root_logger")
def test_the_build_is_told(clock: StillClock) -> None:
    """Which version this is can be scraped."""
    page = build_reporter(LogSettings(level="error"), clock, terminal=False).metrics.page("")[2].decode()
    assert f'version="{__version__}"' in page
