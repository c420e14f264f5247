"""The vocabulary: what its tables promise, and the one form of a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd import markets
from ingestd.markets import MARKETS, contrary, is_outcome, line_of_contrary, participant, side, unknown


def test_each_word_is_a_word() -> None:
    """Keys join words with bars and people type them: small letters, digits and underscores."""
    words = [*MARKETS, *markets.SPORTS, *filter(None, markets.PERIODS)]
    assert [word for word in words if not word.replace("_", "").isalnum() or word != word.lower()] == []


def test_a_market_is_filed_under_its_own_word() -> None:
    """The table is made of lists in which a word could stand twice."""
    assert [word for word, market in MARKETS.items() if market.word != word or not market.meaning] == []


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("match_result", "", "draw"), ()),
        (("moneyline", "quarter_1", "home"), ()),
        (("moneyline", "", "draw"), ("outcome",)),
        (("correct_score", "first_half", "2-1"), ()),
        (("correct_score", "", "2 - 1"), ("outcome",)),
        (("over_under_25", "", "over"), ("market",)),
        (("over_under_25", "h9", "whatever"), ("market", "period")),
    ],
)
def test_what_is_unknown_is_named(words: tuple[str, str, str], kinds: tuple[str, ...]) -> None:
    """An unknown market says nothing of its outcomes."""
    assert unknown(*words) == kinds


@given(st.sampled_from([(market, outcome) for market in MARKETS.values() for outcome in market.outcomes]), st.floats(-99, 99))
def test_the_contrary_of_the_contrary(told: tuple[markets.Market, str], line: float) -> None:
    """A contrary is in the vocabulary; that of two outcomes leads back, and so does its line."""
    market, outcome = told
    other = contrary(market.word, outcome)
    if other is None:
        assert market.word != "match_result"
        return
    assert is_outcome(MARKETS[other[0]], other[1])
    if other[0] == market.word:
        assert contrary(*other) == (market.word, outcome)
        assert line_of_contrary(other[0], line_of_contrary(market.word, line)) == line


def test_no_of_a_result_is_a_double_chance() -> None:
    """Whoever sells "not home" of three results sells draw or away."""
    assert [contrary("match_result", outcome) for outcome in markets.RESULT] == [
        ("double_chance", "draw_or_away"),
        ("double_chance", "home_or_away"),
        ("double_chance", "home_or_draw"),
    ]


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("LeBron James", "lebron james"),
        ("Luka Dončić", "luka doncic"),
        ("J.J. O’Neal-Smith", "jj oneal smith"),
        ("Martin Ødegaard", "martin odegaard"),
        ("3. Frankel (GB)", "frankel"),
        (" Man  City ", "man city"),
        ("49ers", "49ers"),
        ("?", "?"),
    ],
)
def test_one_form_of_a_name(written: str, form: str) -> None:
    """Two bookmakers write one player in two ways."""
    assert participant(written) == form


@given(st.text(max_size=30))
def test_the_form_of_a_form_is_itself(name: str) -> None:
    """What is canonical stays."""
    assert participant(participant(name)) == participant(name)


@pytest.mark.parametrize(
    ("name", "teams", "found"),
    [
        ("Arsenal", ("Arsenal", "Chelsea"), "home"),
        ("CHELSEA", ("Arsenal", "Chelsea"), "away"),
        ("Inter", ("Inter Miami", "Inter"), "away"),
        ("Casper Ruud", ("Norrie", "Ruud"), "away"),
        ("Man United", ("Man United FC", "Man City"), "home"),
        ("Manchester", ("Manchester United", "Manchester City"), ""),
        ("The Draw", ("Arsenal", "Chelsea"), ""),
        ("A", ("A", "A"), ""),
        ("", ("", ""), ""),
    ],
)
def test_which_side_a_name_means(name: str, teams: tuple[str, str], found: str) -> None:
    """The exact name before a part of it; what could be both is neither."""
    assert side(name, *teams) == found
