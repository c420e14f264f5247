"""A header: whose prices of what stand where, and which names cannot be trusted."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.football_data.columns import BOOKS, HANDICAP, MARKETS, TOTAL, Prices, is_header, read_header

CORE = ["Div", "Date", "HomeTeam", "AwayTeam"]
NEW = ["Country", "League", "Season", "Date", "Time", "Home", "Away", "HG", "AG", "Res"]


def prices(*names: str, core: list[str] = CORE) -> dict[tuple[str, str, bool], Prices]:
    """What a header with these further names has."""
    return {(found.prefix, found.market, found.closing): found for found in read_header([*core, *names]).prices}


def test_no_name_means_two_things() -> None:
    """Every column that a bookmaker may have belongs to that one alone."""
    names = [
        ("PS" if prefix == "P" and market == "match_odds" else prefix) + closing + suffix
        for prefix in BOOKS
        for market, outcomes in MARKETS.items()
        for closing in ("", "C")
        for _, suffix in outcomes
    ]
    assert len(names) == len(set(names))


def test_what_looks_like_a_price_and_is_none() -> None:
    """Woodwork, lines, numbers of bookmakers, corners."""
    assert prices("AHW", "HHW", "AHh", "AHCh", "BbAH", "BbOU", "Bb1X2", "AC", "HC", "BbAHh", "GBAH") == {}
    assert read_header([*CORE, "AHW", "AHCh", "BbAH"]).unknown == 1  # the line of prices that are not there


def test_betfair_or_betfred() -> None:
    """``BFD`` is Betfair's draw; ``BFDH`` is Betfred's home."""
    found = prices("BFH", "BFD", "BFA", "BFDH", "BFDD", "BFDA", "BFEH", "BFCH", "BFDCH")
    assert found["BF", "match_odds", False].outcomes == (("home", "BFH"), ("draw", "BFD"), ("away", "BFA"))
    assert found["BFD", "match_odds", False].outcomes == (("home", "BFDH"), ("draw", "BFDD"), ("away", "BFDA"))
    assert [(found[key].bookmaker, found[key].kind) for key in found if key[0] == "BFE"] == [("Betfair Exchange", "exchange")]
    assert {key for key in found if key[2]} == {("BF", "match_odds", True), ("BFD", "match_odds", True)}


def test_pinnacle_is_one() -> None:
    """``PS`` in one market, ``P`` in the others."""
    found = prices("PSH", "P>2.5", "PAHA", "PSCA", "PC<2.5", "PCAHH")
    assert {(each.bookmaker, each.market, each.closing) for each in found.values()} == {
        ("Pinnacle", market, closing) for market in MARKETS for closing in (False, True)
    }


@pytest.mark.parametrize(
    ("names", "key", "line"),
    [
        (("GBAHH", "GBAH", "AHh"), ("GB", HANDICAP, False), "GBAH"),
        (("B365AHH", "AHh"), ("B365", HANDICAP, False), "AHh"),
        (("B365AHH", "B365AH"), ("B365", HANDICAP, False), "B365AH"),
        (("BbMxAHH", "BbAHh", "BbAH"), ("BbMx", HANDICAP, False), "BbAHh"),
        (("B365CAHH", "AHCh", "AHh"), ("B365", HANDICAP, True), "AHCh"),
        (("B365>2.5",), ("B365", TOTAL, False), None),
    ],
)
def test_whose_line(names: tuple[str, ...], key: tuple[str, str, bool], line: str | None) -> None:
    """A bookmaker's own, Betbrain's, or the one of all."""
    assert prices(*names)[key].line == line


def test_aggregates_are_no_bookmakers() -> None:
    """They are never the best."""
    kinds = {found.bookmaker: found.kind for found in prices("MaxH", "AvgH", "BbMxH", "BbAvH", "WHH").values()}
    assert kinds == dict.fromkeys(("Market maximum", "Market average", "Betbrain maximum", "Betbrain average"), "aggregate") | {
        "William Hill": "book"
    }


@pytest.mark.parametrize("names", [("PSCH", "MaxCH", "B365CA"), ("PH", "MaxH", "B36CA"), ("PSH", "MaxCH", "B365CA")])
def test_new_leagues_hold_closing_prices(names: tuple[str, ...]) -> None:
    """Under whatever names, the misprinted one among them."""
    found = prices(*names, core=NEW)
    assert found.keys() == {("P", "match_odds", True), ("Max", "match_odds", True), ("B365", "match_odds", True)}
    assert read_header([*NEW, *names]).unknown == 0


def test_a_name_that_stands_twice_is_not_read() -> None:
    """Nobody can say which is which; a misprint beside the right name stays one."""
    layout = read_header([*CORE, "LB", "LB", "WHH", "WHH", "", "", "B36CA", "B365CA"])
    assert layout.repeated == ("LB", "WHH")
    assert [found.outcomes for found in layout.prices] == [(("away", "B365CA"),)]
    assert (layout.width, layout.blank, layout.unknown) == (12, frozenset((8, 9)), 1)
    with pytest.raises(Malformed):
        read_header([*CORE, "Date"])


@pytest.mark.parametrize(
    "cells", [[""], ["<!DOCTYPE html>"], ["Div", "Date", "HomeTeam"], ["Date", "HomeTeam", "AwayTeam"], ["E0", "1/1/20", "A", "B"]]
)
def test_no_header(cells: list[str]) -> None:
    """Whatever else comes is no results file."""
    with pytest.raises(Malformed, match="not the header"):
        read_header(cells)


def test_a_hundred_thousand_columns() -> None:
    """Cost what they weigh, and mean nothing."""
    layout = read_header([*CORE, *(f"X{number}" for number in range(100_000))])
    assert (layout.prices, layout.unknown) == ((), 100_000)


def test_a_header_among_the_rows() -> None:
    """It begins as one, and names a date."""
    assert is_header(["Div", "Date"])
    assert not is_header(["Div", "13/08/22"])
