"""What Kalshi's contracts mean in our words."""

import pytest

from ingestd.markets import unknown
from ingestd.sources.feeds.kalshi.meanings import Offered, Words, meaning, sides, sport

TITLE = "Tottenham vs Nottingham"
GAME = "KXEPLGAME-26MAR22TOTNFO"


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Tottenham vs Nottingham Winner?", ("Tottenham", "Nottingham")),
        ("Indiana vs Phoenix winner?", ("Indiana", "Phoenix")),
        ("Cleveland at Minnesota", ("Minnesota", "Cleveland")),
        ("Game 7: Cleveland at Minnesota", ("Minnesota", "Cleveland")),
        ("Gold 15 min \u00b7 $4,414.40 target", ("", "")),
        ("", ("", "")),
    ],
)
def test_sides(title: str, found: tuple[str, str]) -> None:
    """Shapes of recorded titles; a guest is at somebody's."""
    assert sides(title) == found


@pytest.mark.parametrize(
    ("ticker", "words", "yes", "no"),
    [
        (f"{GAME}-TOT", Words(subject="Tottenham", title=TITLE), ("match_result", "home"), ("double_chance", "draw_or_away")),
        (f"{GAME}-NFO", Words(subject="Nottingham", title=TITLE), ("match_result", "away"), ("double_chance", "home_or_draw")),
        (f"{GAME}-TIE", Words(subject="Tie", title=TITLE), ("match_result", "draw"), ("double_chance", "home_or_away")),
        (
            "KXWNBAGAME-26JUL09INDPHX-PHX",
            Words(subject="Phoenix", title="Indiana vs Phoenix"),
            ("moneyline", "away"),
            ("moneyline", "home"),
        ),
        ("KXTALEGAME-1-A", Words(subject="A", title="A vs B", drawn=True), ("match_result", "home"), ("double_chance", "draw_or_away")),
        ("KXEPLBTTS-1-X", Words(subject="Both teams to score"), ("both_teams_to_score", "yes"), ("both_teams_to_score", "no")),
    ],
)
def test_yes_is_what_it_is_about_and_no_the_contrary(ticker: str, words: Words, yes: tuple[str, str], no: tuple[str, str]) -> None:
    """Of three results the other two, of two teams the other one."""
    found = meaning(ticker, words)
    assert (found.yes, found.no) == ((*yes, "", None), (*no, "", None))
    assert [unknown(told[0], "", told[1]) for told in (found.yes, found.no)] == [(), ()]


@pytest.mark.parametrize(
    ("ticker", "words", "yes", "no"),
    [
        ("KXNBATOTAL-1-210", Words(line=210.5, strike="above"), ("total", "over", "", 210.5), ("total", "under", "", 210.5)),
        ("KXNBATOTAL-1-U", Words(line=210.5, strike="below"), ("total", "under", "", 210.5), ("total", "over", "", 210.5)),
        (
            "KXNBASPREAD-1-A5",
            Words(subject="Cleveland wins by over 5.5 Points", line=5.5, strike="above", title="Cleveland at Minnesota"),
            ("spread", "away", "", -5.5),
            ("spread", "home", "", 5.5),
        ),
    ],
)
def test_lines(ticker: str, words: Words, yes: Offered, no: Offered) -> None:
    """A total has one line; a handicap is each outcome's own."""
    found = meaning(ticker, words)
    assert (found.yes, found.no) == (yes, no)


@pytest.mark.parametrize(
    ("ticker", "words", "market", "outcome", "line"),
    [
        ("KXNBA-26-CLE", Words(subject="Cleveland Cavaliers", exclusive=True), "outright", "yes", None),
        (f"{GAME}-TOT", Words(subject="Spurs", title=TITLE), "KXEPLGAME", "yes", None),
        ("KXNBASPREAD-1-A5", Words(subject="Cleveland", line=5.5, strike="above"), "KXNBASPREAD", "yes", 5.5),
        ("KXNBATOTAL-1", Words(), "KXNBATOTAL", "yes", None),
        ("KXGOLD15M-26AUG102130-30", Words(subject="Target", line=4414.4, strike="above"), "KXGOLD15M", "yes", 4414.4),
    ],
)
def test_what_cannot_be_told_is_yes_or_no(ticker: str, words: Words, market: str, outcome: str, line: float | None) -> None:
    """One of many is an outright; all else keeps the name of its series."""
    found = meaning(ticker, words)
    assert (found.market, found.yes[1], found.no[1], found.yes[3]) == (market, outcome, "no", line)


def test_sports() -> None:
    """By the league; a category says it where it is not just "Sports"."""
    series = ("KXEPLGAME", "KXWNBAGAME", "KXNFLSPREAD", "KXTALEGAME")
    assert [sport(one, "Sports") for one in series] == ["football", "basketball", "american_football", ""]
    assert sport("KXGOLD15M", "Commodities") == "commodities"
