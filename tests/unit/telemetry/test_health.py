"""The report, and the three decisions."""

import json
from collections.abc import Callable

import pytest

from ingestd.model import SECOND, SourceStatus
from ingestd.telemetry.health import (
    Check,
    Component,
    Health,
    Verdict,
    check_breakers,
    check_config,
    check_journal,
    check_progress,
    check_source,
    check_sources,
    check_store,
    etl_health_check,
)
from tests.unit.telemetry.conftest import StillClock


def being(verdict: Verdict) -> Callable[[], Check]:
    """A probe that finds it so."""
    return lambda: Check(verdict)


def health(clock: StillClock, life: str = "running", **components: Component) -> Health:
    """Health of some components."""
    return Health(lambda: components, lambda: life, clock, version="1.2.3", instance="i")


def read(page: tuple[int, str, bytes]) -> tuple[int, str]:
    """Status code and verdict of a page, after a look at its media type."""
    code, media_type, body = page
    assert media_type == "application/health+json"
    return code, str(json.loads(body)["status"])


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [((), "pass"), (("pass",), "pass"), (("pass", "warn"), "warn"), (("warn", "fail", "pass"), "fail")],
    ids=str,
)
def test_as_well_as_the_worst(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    """One bad component is enough."""
    components = {str(number): Component(being(verdict)) for number, verdict in enumerate(verdicts)}
    assert etl_health_check(components, version="", instance="", uptime=0).status == expected


def test_report(clock: StillClock) -> None:
    """The whole body; a component leaves out what it does not know."""
    part = Component(lambda: Check("warn", "0 of 1 live", 0, "sources", "2026-11-23T14:03:00.123Z"))
    page = health(clock, sources=part, store=Component(being("pass")))
    clock.seconds += 5
    code, _, body = page.report()
    assert code == 200
    assert json.loads(body) == {
        "status": "warn",
        "version": "1.2.3",
        "instance": "i",
        "uptime_seconds": 5.0,
        "checks": {
            "sources": {
                "status": "warn",
                "output": "0 of 1 live",
                "observed_value": 0,
                "unit": "sources",
                "since": "2026-11-23T14:03:00.123Z",
            },
            "store": {"status": "pass"},
        },
    }


def test_report_of_a_failure(clock: StillClock) -> None:
    """Failing is 503."""
    assert read(health(clock, store=Component(being("fail"))).report()) == (503, "fail")


def test_live(clock: StillClock) -> None:
    """A dead store must never cause restarts; a task that hangs must."""
    page = health(clock, store=Component(being("fail"), durable=True), loader=Component(being("pass"), vital=True))
    assert read(page.live()) == (200, "pass")
    assert read(health(clock, loader=Component(being("fail"), vital=True)).live()) == (503, "fail")


@pytest.mark.parametrize(("life", "code"), [("starting", 503), ("running", 200), ("draining", 503), ("stopped", 503)])
def test_ready_by_life(clock: StillClock, life: str, code: int) -> None:
    """Ready only while running."""
    assert read(health(clock, life).ready())[0] == code


def test_ready_by_durability(clock: StillClock) -> None:
    """The store may be away as long as the journal takes everything."""
    store = Component(being("fail"))
    assert read(health(clock, store=store, journal=Component(being("warn"), durable=True)).ready()) == (200, "warn")
    assert read(health(clock, store=store, journal=Component(being("fail"), durable=True)).ready()) == (503, "fail")


@pytest.mark.parametrize(("life", "code"), [("starting", 503), ("running", 200), ("draining", 200)])
def test_startup(clock: StillClock, life: str, code: int) -> None:
    """Started once is started."""
    assert read(health(clock, life).startup())[0] == code


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "pass"),
        (("stopped",), "pass"),
        (("live", "stopped"), "pass"),
        (("connecting", "stopped"), "fail"),
        (("live", "parked"), "warn"),
        (("connecting",), "fail"),
    ],
    ids=str,
)
def test_sources(states: tuple[SourceStatus, ...], expected: Verdict) -> None:
    """One source away is a warning; none at all, for over a minute, is a failure."""
    assert check_sources(((state, 0) for state in states), 61 * SECOND).status == expected


def test_sources_are_given_a_minute() -> None:
    """A daemon that just began is not failing yet."""
    assert check_sources([("connecting", 0)], 59 * SECOND).status == "warn"


def test_source() -> None:
    """One source never fails the whole."""
    assert check_source("live", 0) == Check("pass", "live", since="1970-01-01T00:00:00.000Z")
    assert check_source("parked", 0, "wrong key") == Check("warn", "parked: wrong key", since="1970-01-01T00:00:00.000Z")


def test_store() -> None:
    """Away is failing, and says since when; an answer that does not come is a warning first."""
    assert check_store(0, "", 0, 90 * SECOND) == Check("pass")
    assert check_store(0, "", 85 * SECOND, 90 * SECOND) == Check("pass")
    assert check_store(0, "", 80 * SECOND, 90 * SECOND) == Check("warn", "no answer for 10 s so far", since="1970-01-01T00:01:20.000Z")
    assert check_store(0, "", SECOND, 90 * SECOND) == Check("fail", "no answer for 89 s so far", since="1970-01-01T00:00:01.000Z")
    assert check_store(SECOND, "refused", 0, 0) == Check("fail", "unavailable: refused", since="1970-01-01T00:00:01.000Z")


@pytest.mark.parametrize(("paused", "size", "expected"), [(None, 10, "pass"), (None, 81, "warn"), (0, 81, "fail")])
def test_journal(paused: int | None, size: int, expected: Verdict) -> None:
    """Nearly full warns, full fails."""
    assert check_journal(paused, 0, 0, size, 100).status == expected


def test_journal_on_a_disk_that_hangs() -> None:
    """What comes in is not durable."""
    assert check_journal(None, 8 * SECOND, 10 * SECOND, 1, 100).status == "pass"
    assert check_journal(None, 2 * SECOND, 10 * SECOND, 1, 100) == Check(
        "fail", "an append has taken 8 s so far", 1, "bytes", "1970-01-01T00:00:02.000Z"
    )


def test_breakers() -> None:
    """What cannot be asked for a while is a warning, whose name is not told here."""
    assert check_breakers(["closed", "half_open"]) == Check("pass", "0 of 2 open", 0, "breakers")
    assert check_breakers(["open", "closed"]) == Check("warn", "1 of 2 open", 1, "breakers")


def test_progress() -> None:
    """A task that has not come by in time hangs."""
    assert check_progress(100.0, 110.0, 10.0).status == "pass"
    assert check_progress(100.0, 110.5, 10.0) == Check("fail", "last seen 10 s ago", 10.5, "s")


def test_check_config() -> None:
    """Warns with what is wrong and since when, while another configuration was asked for."""
    assert check_config((), 0) == Check("pass")
    check = check_config(("a: no such key", "b: needs a restart"), 1_700_000_000 * SECOND)
    assert check.status == "warn"
    assert check.output == "not reloaded, the old one is in force: a: no such key; b: needs a restart"
    assert check.since == "2023-11-14T22:13:20.000Z"
