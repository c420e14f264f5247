"""What outlives a process, as time goes on and back."""

import msgspec
import pytest

from ingestd.model import SECOND
from ingestd.sources.spent import MOST_JOBS, Spent
from tests.unit.sources.test_months import at

START = at("2026-11-24T19:00:00")


def test_a_month_renews_once() -> None:
    """At its end, for every job; the rate goes on."""
    spent = Spent()
    spent.turn(START, 1)
    spent.asked("a")
    spent.count("a", 7)
    spent.turn(at("2026-11-30T23:59:59"), 1)
    assert (spent.spent, spent.jobs["a"].spent) == (7, 7)
    spent.turn(at("2026-12-01T00:00:00"), 1)
    assert (spent.spent, spent.jobs["a"].spent) == (0, 0)


def test_a_clock_set_back_renews_nothing() -> None:
    """Neither into the month before nor out of it again."""
    spent = Spent()
    spent.turn(START, 1)
    spent.count("a", 7)
    assert spent.turn(at("2026-10-01T00:00:00"), 1)
    assert not spent.turn(at("2026-11-01T00:00:00"), 1)
    assert spent.spent == 7


def test_jobs_are_bounded() -> None:
    """Those that asked longest ago go, and those that have not asked for days; what they spent stays spent."""
    spent = Spent()
    for number in range(MOST_JOBS + 10):
        spent.turn(START + number, 1)
        spent.asked(str(number))
        spent.count(str(number), 1)
    assert (len(spent.jobs), "0" in spent.jobs, spent.spent) == (MOST_JOBS, False, MOST_JOBS + 10)
    spent.turn(START + 3 * 86_400 * SECOND, 1)
    spent.asked("new")
    assert list(spent.jobs) == ["new"]


def test_rate() -> None:
    """Over what is known, an hour at least and a day at most."""
    spent = Spent()
    spent.turn(START, 1)
    spent.count("a", 36)
    assert spent.rate == 36 / 3_600
    spent.turn(START + 12 * 3_600 * SECOND, 1)
    assert spent.rate == 36 / (12 * 3_600)
    spent.turn(START + 2 * 86_400 * SECOND, 1)
    assert spent.rate == 0


@pytest.mark.parametrize("damage", ['{"spent":-1}', '{"began":99999999999999999999}', '{"windows":[{"span":0}]}', '{"spent":1e999}'])
def test_figures_that_cannot_be(damage: str) -> None:
    """Are refused where they are read."""
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(damage, type=Spent)


def test_reads_what_it_wrote() -> None:
    """Windows included."""
    spent = Spent()
    spent.turn(START, 1)
    spent.asked("a")
    assert spent.window(60).until(START, 0) == 0
    spent.count("a", 2)
    assert msgspec.json.decode(msgspec.json.encode(spent), type=Spent) == spent
