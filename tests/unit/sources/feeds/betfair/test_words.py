"""Betfair's words in ours."""

from datetime import UTC, datetime

import pytest

from ingestd.sources.feeds.betfair.words import NAMELESS, Names, handicap, home_and_away, microseconds, sport


@pytest.mark.parametrize(
    ("event", "sides"),
    [
        ("Slavia v Beroe", ("Slavia", "Beroe")),
        ("Cavaliers @ Timberwolves", ("Timberwolves", "Cavaliers")),
        ("Warwick 30th Mar", ("", "")),
        ("A v B v C", ("", "")),
        (" v B", ("", "")),
        ("", ("", "")),
    ],
)
def test_who_plays_at_home(event: str, sides: tuple[str, str]) -> None:
    """Americans name the visitor first."""
    assert home_and_away(event) == sides


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (-0.25, "-0.25"), (2.5, "2.5"), (1e20, "100000000000000000000")]
)
def test_one_text_for_one_handicap(value: float, text: str) -> None:
    """It is part of a selection's identity."""
    assert handicap(value) == text


def test_sports_we_do_not_know_keep_their_own_names() -> None:
    """The catalogue's name, in lower case, else the number."""
    assert sport("1", NAMELESS) == "football"
    assert sport("6423", Names(sport="American Football")) == "american_football"
    assert sport("6423", NAMELESS) == "6423"


def test_times_are_utc() -> None:
    """Said or unsaid."""
    assert microseconds(datetime(2020, 1, 1, tzinfo=UTC)) == microseconds(datetime(2020, 1, 1)) == 1_577_836_800_000_000  # noqa: DTZ001
