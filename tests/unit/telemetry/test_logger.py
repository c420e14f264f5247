"""Lines of the log: their form, their secrets, their floods."""

import asyncio
import io
import json
import logging

import pytest

from ingestd.telemetry.facts import Fact
from ingestd.telemetry.logger import FeatureLogger
from ingestd.telemetry.outlets import Form, to_stream
from ingestd.telemetry.redact import Redactor
from tests.unit.telemetry.conftest import StillClock


class Terminal(io.StringIO):
    """A stream that people look at."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def logger_on(stream: io.StringIO, clock: StillClock, form: Form = "json", *secrets: str) -> FeatureLogger:
    """A logger that says everything from info on, but no secret."""
    redactor = Redactor()
    redactor.register(secrets)
    return FeatureLogger([to_stream(stream, form, "1.2.3")], clock, redactor)


def test_json_line(clock: StillClock) -> None:
    """For programs: ECS names, texts as labels, numbers beside them."""
    stream = io.StringIO()
    logger_on(stream, clock).fact("source.recovered", source="demo", seconds=12.25)
    assert json.loads(stream.getvalue()) == {
        "@timestamp": "2026-11-23T14:03:00.123Z",
        "log.level": "info",
        "message": "demo is back after 12.25 s",
        "ecs.version": "8.11.0",
        "service.name": "ingestd",
        "service.version": "1.2.3",
        "event.dataset": "ingestd.source",
        "event.action": "source.recovered",
        "event.outcome": "success",
        "event.duration": 12_250_000_000,
        "labels.source": "demo",
        "ingestd.seconds": 12.25,
    }


def test_text_line(clock: StillClock) -> None:
    """For people: a sentence, then what it does not say; in a terminal over the progress line."""
    line = "2026-11-23T14:03:00.123Z info    demo is connected  seconds=0.5\n"
    for stream, expected in ((io.StringIO(), line), (Terminal(), f"\r\x1b[2K{line}")):
        logger_on(stream, clock, "text").fact("source.connected", source="demo", seconds=0.5)
        assert stream.getvalue() == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"reason": "closed", "detail": "code 1006"}, "a lost its connection: closed: code 1006"),
        ({"reason": "closed"}, "a lost its connection: closed"),
        ({"detail": "code 1006"}, "a lost its connection: code 1006"),
        ({}, "a lost its connection"),
    ],
)
def test_labels_left_out(clock: StillClock, labels: dict[str, str], expected: str) -> None:
    """A sentence has no holes."""
    stream = io.StringIO()
    logger_on(stream, clock).fact("source.disconnected", source="a", **labels)
    assert json.loads(stream.getvalue())["message"] == expected


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_forgery(clock: StillClock, form: Form) -> None:
    """Line ends, colours and lone surrogates from outside stay inside their line."""
    stream = io.StringIO()
    logger_on(stream, clock, form).fact("source.stopped", source="a", reason='x\r\n{"log.level":"error"}\x1b[31m\u2028\ud800')
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().splitlines() == [stream.getvalue()[:-1]]
    assert stream.getvalue().isascii()


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets(clock: StillClock, form: Form) -> None:
    """A registered secret and the user part of any URL never come out, the longer secret first."""
    stream = io.StringIO()
    logger = logger_on(stream, clock, form, "hunter2", "hunter2-long", "abc", "")
    logger.fact("store.unavailable", problem="hunter2-long! hunter2 postgresql://joe:pw@h/d", table="hunter2", abc="abc")
    line = stream.getvalue()
    assert "hunter2" not in line
    assert "long" not in line
    assert "joe" not in line
    assert "*** postgresql://***@h/d" in line


def test_unknown_action(clock: StillClock) -> None:
    """A fact outside the catalogue is a bug."""
    with pytest.raises(KeyError):
        logger_on(io.StringIO(), clock).fact("source.exploded")


def test_level(clock: StillClock) -> None:
    """Below the level nothing is said."""
    stream = io.StringIO()
    logger_on(stream, clock).fact("batch.committed", rows=1)
    assert stream.getvalue() == ""
    FeatureLogger([to_stream(stream, "json", "")], clock, Redactor(), level="debug").fact("batch.committed", rows=1)
    assert json.loads(stream.getvalue())["ingestd.rows"] == 1


def test_level_of_an_area(clock: StillClock) -> None:
    """An area's own level goes before the general one, in both directions; who listens hears everything."""
    stream = io.StringIO()
    logger = FeatureLogger([to_stream(stream, "json", "")], clock, Redactor(), levels={"batch": "debug", "source": "error"})
    heard: list[Fact] = []
    logger.listen(heard.append)
    logger.fact("batch.committed", rows=1)
    logger.fact("source.disconnected", source="a", reason="closed")
    logger.fact("source.parked", source="a", reason="key")
    assert [json.loads(line)["event.action"] for line in stream.getvalue().splitlines()] == ["batch.committed", "source.parked"]
    assert [(fact.area, fact.code) for fact in heard] == [
        ("batch", "committed"),
        ("source", "disconnected:closed"),
        ("source", "parked:key"),
    ]


async def test_context(clock: StillClock) -> None:
    """Bound once: in whatever runs within, tasks begun there included, and nowhere else; what a fact says itself wins."""
    stream = io.StringIO()
    logger = logger_on(stream, clock, "json", "hunter2")

    async def speak() -> None:
        logger.fact("source.stopped", reason="x")

    with logger.bound(source="outer", run="7", job="hunter2"):
        task = asyncio.create_task(speak())
    logger.fact("source.stopped", reason="x")
    with logger.bound(source="outer"):
        logger.fact("source.stopped", source="own", reason="x")
    await task
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line.get("labels.source"), line.get("trace.id"), line.get("labels.job")) for line in lines] == [
        (None, None, None),
        ("own", None, None),
        ("outer", "7", "***"),
    ]


def test_floods(clock: StillClock) -> None:
    """One line in ten seconds per source and kind, with the count of those kept back; calm facts are all said."""
    stream = io.StringIO()
    logger = logger_on(stream, clock)
    for source in ("a", "a", "b", "a"):
        logger.fact("source.gap", source=source, scope="market 1", reason="lost")
    for _ in range(2):
        clock.seconds += 10
        logger.fact("source.gap", source="a", scope="market 1", reason="lost")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["labels.source"], line.get("ingestd.kept_back")) for line in lines] == [("a", None), ("b", None), ("a", 2), ("a", None)]
    for _ in range(3):
        logger.fact("source.stopped", source="a", reason="x")
    assert len(stream.getvalue().splitlines()) == 7


def test_a_flood_that_is_over(clock: StillClock) -> None:
    """What it left unsaid is said, in time or at the end: none goes uncounted."""
    stream = io.StringIO()
    logger = logger_on(stream, clock)
    for scope in range(5):
        logger.fact("source.gap", source="a", scope=f"market {scope}", reason="lost")
    logger.tell_kept_back()
    clock.seconds += 10
    logger.tell_kept_back()
    logger.fact("source.gap", source="a", scope="market 5", reason="lost")
    logger.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["labels.scope"], line.get("ingestd.kept_back")) for line in lines] == [
        ("market 0", None),
        ("market 4", 3),
        ("market 5", None),
    ]


def test_a_stream_that_is_gone(clock: StillClock) -> None:
    """A log that cannot be written stops nobody, and is counted."""
    stream = io.StringIO()
    logger = logger_on(stream, clock)
    stream.close()
    logger.fact("source.connected", source="a")
    assert logger.lost == 1


@pytest.mark.usefixtures("root_logger")
def test_libraries(clock: StillClock) -> None:
    """What libraries say becomes facts: warnings and worse, tracebacks and secrets in the same line."""
    stream = io.StringIO()
    logger = logger_on(stream, clock, "json", "hunter2")
    logger.take_over_libraries()
    library = logging.getLogger("some.library")
    library.info("unheard")
    library.warning("careful with %s", "hunter2")
    try:
        raise RuntimeError("hunter2")
    except RuntimeError:
        library.exception("broken")
    warned, failed = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (warned["event.action"], warned["error.message"], warned["labels.library"]) == (
        "library.warned",
        "careful with ***",
        "some.library",
    )
    assert failed["event.action"] == "library.failed"
    assert failed["error.stack_trace"].endswith("RuntimeError: ***")


def test_other_levels_while_it_runs(clock: StillClock) -> None:
    """What was not said is, and the other way round."""
    stream = io.StringIO()
    logger = logger_on(stream, clock)
    logger.adopt("error", {"batch": "debug"})
    logger.fact("source.connected", source="demo")
    logger.fact("batch.committed", rows=1)
    assert [json.loads(line)["event.action"] for line in stream.getvalue().splitlines()] == ["batch.committed"]
