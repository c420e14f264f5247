"""The one voice that loops use."""

import io
import json
import logging
from pathlib import Path

import pytest

from ingestd import __version__
from ingestd.settings import LogSettings
from ingestd.telemetry import Reporter, build_reporter
from ingestd.telemetry.logger import FeatureLogger
from ingestd.telemetry.outlets import to_stream
from ingestd.telemetry.redact import Redactor
from ingestd.telemetry.series import Metrics
from tests.unit.telemetry.conftest import StillClock


def test_reporter(clock: StillClock) -> None:
    """Facts go to the log, numbers to the metrics, secrets nowhere, and lines that are lost are counted."""
    stream = io.StringIO()
    redactor = Redactor()
    reporter = Reporter(FeatureLogger([to_stream(stream, "json", "")], clock, redactor), Metrics(redactor.text), redactor)
    reporter.hide(["hunter2"])
    reporter.fact("source.connected", source="hunter2")
    reporter.add("sink_retries_total")
    reporter.add("sink_batches_total", outcome="hunter2")
    reporter.metrics.set("journal_bytes", 1)
    assert b"hunter2" not in reporter.metrics.written(reporter.metrics.moment(), "")[2]
    assert json.loads(stream.getvalue())["labels.source"] == "***"
    assert b"ingestd_sink_retries_total 1\n" in reporter.metrics.written(reporter.metrics.moment(), "")[2]
    assert b"ingestd_log_lines_lost_total 0\n" in reporter.metrics.written(reporter.metrics.moment(), "")[2]
    stream.close()
    reporter.fact("source.connected", source="a")
    assert b"ingestd_log_lines_lost_total 1\n" in reporter.metrics.written(reporter.metrics.moment(), "")[2]


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
async def test_a_file_as_well(clock: StillClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same lines, as JSON for programs though people read sentences on the terminal; what is kept back comes at the end."""
    path = tmp_path / "log" / "ingestd.log"
    reporter = build_reporter(LogSettings(file=path, levels={"batch": "debug"}), clock, terminal=True)
    reporter.fact("batch.committed", rows=1)
    for _ in range(3):
        reporter.fact("row.refused", table="odds", error="no")
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        reporter.failed("daemon.failed", error)
    await reporter.close()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["event.action"], line.get("ingestd.kept_back")) for line in lines] == [
        ("batch.committed", None),
        ("row.refused", None),
        ("daemon.failed", None),
        ("row.refused", 1),
    ]
    assert "RuntimeError: broken" in lines[2]["error.stack_trace"]
    assert " error   the daemon failed: RuntimeError: broken" in capsys.readouterr().err


@pytest.mark.usefixtures("root_logger")
def test_the_build_is_told(clock: StillClock) -> None:
    """Which version this is can be scraped."""
    metrics = build_reporter(LogSettings(level="error"), clock, terminal=False).metrics
    page = metrics.written(metrics.moment(), "")[2].decode()
    assert f'version="{__version__}"' in page
