"""How often to ask, with and without a budget."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestd.model import SECOND
from ingestd.sources.cadence import LOOKOUT, Cadence, Game, Means, interval, needs
from tests.unit.sources.test_months import at

HOUR, DAY = 3_600, 86_400
NOW, END = at("2026-11-01T00:00:00"), at("2026-12-01T00:00:00")
CADENCE = Cadence(far=6 * HOUR, near=300, in_play=600)
GAMES = st.lists(
    st.builds(lambda hours, over: Game(NOW + round(hours * HOUR * SECOND), over), st.floats(-100, 900), st.booleans()), max_size=30
)


def game(hours: float, *, over: bool = False) -> Game:
    """One that starts so many hours from now."""
    return Game(NOW + round(hours * HOUR * SECOND), over)


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [
        (900, 6 * HOUR),
        (100, 6 * HOUR),
        (72, 6 * HOUR),
        (36, 3 * HOUR),
        (2, 600),
        (1, 300),
        (0.5, 300),
        (0, 600),
        (-2.9, 600),
        (-3, 6 * HOUR),
    ],
)
def test_by_the_time_to_kick_off(hours: float, seconds: float) -> None:
    """Far, then shrinking with the time that is left, near, in play, and far again."""
    assert interval(CADENCE, [game(hours)], NOW, None) == seconds


def test_the_most_urgent_game_decides() -> None:
    """One request lists all of them; games that are over count no longer, and no game is far."""
    assert interval(CADENCE, [game(900), game(-1), game(0.5)], NOW, None) == 300
    assert interval(CADENCE, [game(-1, over=True)], NOW, None) == 6 * HOUR
    assert interval(CADENCE, [], NOW, None) == 6 * HOUR


def test_in_play_may_be_faster_than_near() -> None:
    """Then a game that is under way decides."""
    swift = Cadence(far=HOUR, near=300, in_play=30)
    assert interval(swift, [game(-1), game(0.5)], NOW, None) == 30
    assert interval(swift, [game(0.5)], NOW, None) == 300


@given(GAMES, st.floats(0, 10_000), st.floats(0, 20))
def test_a_budget_only_slows(games: list[Game], left: float, cost: float) -> None:
    """Never faster than wished, never not a number, never beyond the renewal unless that is how often is wished."""
    wished = interval(CADENCE, games, NOW, None)
    found = interval(CADENCE, games, NOW, Means(cost, left, END))
    assert wished <= found <= max(wished, 30 * DAY)


@given(GAMES, st.floats(1, 1_000), st.floats(1, 1_000))
def test_more_money_is_never_slower(games: list[Game], left: float, more: float) -> None:
    """Monotonous in what is left."""
    assert interval(CADENCE, games, NOW, Means(1, left + more, END)) <= interval(CADENCE, games, NOW, Means(1, left, END))


def test_last_hours_are_paid_for_once() -> None:
    """Ten games at the same time cost what one costs; half an hour apart, half an hour more."""
    one = needs(CADENCE, [game(5)], NOW, 2, NOW + 5 * HOUR * SECOND)
    assert one.last == 2 * 12
    assert needs(CADENCE, [game(5)] * 10, NOW, 2, NOW + 5 * HOUR * SECOND).last == one.last
    assert needs(CADENCE, [game(4.5), game(5)], NOW, 2, NOW + 5 * HOUR * SECOND).last == 2 * 18


def test_last_hours_while_another_is_in_play() -> None:
    """Cost as much as the faster of the two."""
    swift = Cadence(far=6 * HOUR, near=300, in_play=30)
    assert needs(swift, [game(-0.5), game(1.5)], NOW, 1, NOW + 2 * HOUR * SECOND).last == pytest.approx(120, rel=0.01)
    assert needs(swift, [game(1.5)], NOW, 1, NOW + 2 * HOUR * SECOND).last == pytest.approx(12, rel=0.05)


def test_last_hours_before_anything_else() -> None:
    """With money for them alone, they run at ``near``, and nothing else is asked for until the month renews."""
    games, until = [game(hours) for hours in (0.5, 30, 60)], NOW + 60 * HOUR * SECOND
    enough = Means(1, needs(CADENCE, games, NOW, 1, until).last, until)
    assert interval(CADENCE, games, NOW, enough) == 300
    later = NOW + 5 * HOUR * SECOND
    assert interval(CADENCE, games, later, enough) > 6 * HOUR
    playing = NOW + HOUR * SECOND
    rest = Means(1, needs(CADENCE, games, playing, 1, until).last, until)
    assert interval(CADENCE, games, playing, rest) == 59 * HOUR


def test_last_hours_are_slowed_evenly() -> None:
    """With half of the money each takes twice the time, now as later."""
    games, until = [game(0.5), game(30)], NOW + 30 * HOUR * SECOND
    half = needs(CADENCE, games, NOW, 1, until).last / 2
    assert interval(CADENCE, games, NOW, Means(1, half, until)) == pytest.approx(600)
    later = NOW + round(29.5 * HOUR * SECOND)
    rest = needs(CADENCE, games, later, 1, until).last / 2
    assert interval(CADENCE, games, later, Means(1, rest, until)) == pytest.approx(600)


def test_the_rest_is_spread() -> None:
    """Far from any game, twice the money is half the distance."""
    games = [game(29 * 24)]
    wanted = needs(CADENCE, games, NOW, 1, END)
    first = wanted.last + wanted.close
    scarce, double = (interval(CADENCE, games, NOW, Means(1, first + more, END)) for more in (20, 40))
    assert scarce == pytest.approx(2 * double)
    assert double > 6 * HOUR


def test_games_that_nobody_has_listed_yet() -> None:
    """Two weekends known, two to come: the month needs twice what is known."""
    known = [game(24 * day + hour) for day in (5, 6, 12, 13) for hour in (14, 17, 20)]
    through = needs(CADENCE, known, NOW, 1, NOW + 14 * DAY * SECOND)
    whole = needs(CADENCE, known, NOW, 1, NOW + 28 * DAY * SECOND)
    assert whole.last == pytest.approx(2 * through.last, rel=0.03)
    assert whole.close == pytest.approx(2 * through.close, rel=0.03)


def test_one_game_is_no_density() -> None:
    """A single game in two hours does not mean one every two hours, but one a week."""
    assert needs(CADENCE, [game(2)], NOW, 1, END).last == pytest.approx(12 * (1 + 30 / 7), rel=0.01)


def test_what_is_over_says_how_dense_games_lie() -> None:
    """After a weekend, with nothing listed, the next ones are expected."""
    past = [game(-24 * day - hour, over=True) for day in (1, 2) for hour in (2, 5, 8)]
    assert needs(CADENCE, past, NOW, 1, END).last > 200
    assert needs(CADENCE, [], NOW, 1, END).last == 30


def test_what_knows_no_game_looks_once_a_day() -> None:
    """However little is left for what is far; with nothing left, not at all."""
    assert interval(CADENCE, [], NOW, Means(1, 31, END)) <= LOOKOUT
    assert interval(CADENCE, [], NOW, Means(1, 15, END)) == pytest.approx(2 * LOOKOUT)
    assert interval(CADENCE, [], NOW, Means(1, 0, END)) == 30 * DAY


def test_the_needs_are_what_is_spent() -> None:
    """Polling a known month as wished takes what was foretold, within a few polls."""
    games = [game(24 * day + hour) for day in range(2, 29, 3) for hour in (12, 13, 20)]
    foretold = needs(CADENCE, games, NOW, 1, NOW + 28 * DAY * SECOND)
    now, polls = float(NOW), 0
    while now < NOW + 28 * DAY * SECOND:
        now += interval(CADENCE, games, int(now), None) * SECOND
        polls += 1
    assert math.isclose(foretold.last + foretold.close + foretold.far, polls, rel_tol=0.1)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"far": "1min", "near": "5min"}, "is longer than far"),
        ({"near": 0}, "greater than 0"),
        ({"near": "soon"}, "is no span of time"),
        ({"nearly": 5}, "Extra inputs are not permitted"),
    ],
)
def test_options_that_are_none(options: dict[str, object], problem: str) -> None:
    """Are refused, with what to write."""
    with pytest.raises(ValidationError, match=problem):
        Cadence.model_validate(options)


def test_spans_as_people_write_them() -> None:
    """Units are understood, and every option says what it is."""
    assert Cadence.model_validate({"far": "6h", "near": "5min"}) == Cadence(far=21_600, near=300)
    assert all(field.description for field in Cadence.model_fields.values())
