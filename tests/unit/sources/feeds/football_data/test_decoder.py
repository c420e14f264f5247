"""A file to updates: order, moments, settlement, what is left out and why; and nothing that comes in breaks it."""

from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Decoded, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result, Scope, Skipped
from ingestd.sources.feeds.football_data.decoder import FootballDataDecoder, derived_time
from ingestd.sources.feeds.football_data.sheet import MOST_FAULTS

HEADER = "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,B365H,B365D,B365A,AHh,B365AHH,B365AHA,B365CH,B365CD,B365CA,AHCh,B365CAHH,B365CAHA"
PLAYED = "E9,13/08/2022,15:00,Ayton,Beeford,2,1,H,2.1,3.4,3.6,-0.5,1.9,2,1.95,3.5,4,-1,2.1,1.8"
KICK_OFF = 1_660_399_200_000_000
LATER = KICK_OFF + 10**13


def frame(*rows: str, header: str = HEADER, at: int = LATER, key: str = "") -> Frame:
    """A file."""
    return Frame("fd", "data", at, "\n".join((header, *rows, "")).encode(), meta={"key": key} if key else {})


def decoded(*rows: str, header: str = HEADER, at: int = LATER) -> list[Decoded]:
    """What it says."""
    return list(FootballDataDecoder("fd")(frame(*rows, header=header, at=at)))


def quotes(updates: list[Decoded]) -> list[Quote]:
    """Those that are prices."""
    return [update for update in updates if isinstance(update, Quote)]


def rejects(updates: list[Decoded]) -> list[tuple[str, str]]:
    """Path and category of what was not taken."""
    return [(update.path, update.category) for update in updates if isinstance(update, Reject)]


def test_a_row() -> None:
    """The match first, then opening prices, closing ones and results of each selection, in this order; then its market is over."""
    updates = decoded(PLAYED)
    assert [kind for kind, _ in groupby(type(update) for update in updates)] == [
        Fixture,
        Result,
        Quote,
        MarketStatus,
        Quote,
        MarketStatus,
        Complete,
    ]
    by_selection = [
        [
            (quote.price, quote.line, (quote.changed_at or 0) - KICK_OFF, quote.status, quote.result)
            for quote in quotes(updates)
            if quote.selection == chosen
        ]
        for chosen in dict.fromkeys(quote.selection for quote in quotes(updates))
    ]
    opening, closing, after = -97_200_000_000, -1_000_000, 7_200_000_000
    assert by_selection[0] == [(2.1, None, opening, "open", ""), (1.95, None, closing, "open", ""), (0.0, None, after, "settled", "won")]
    assert by_selection[3] == [(1.9, -0.5, opening, "open", ""), (2.1, -1.0, closing, "open", ""), (0.0, -1.0, after, "settled", "void")]
    assert by_selection[4] == [(2.0, 0.5, opening, "open", ""), (1.8, 1.0, closing, "open", ""), (0.0, 1.0, after, "settled", "void")]
    assert all(quote.nominal for quote in quotes(updates))
    assert updates[-1] == Complete(Scope("query", "E9"), frozenset())


def test_words_of_a_selection() -> None:
    """The identity is made of the file's own words; a goal line is named by the column, a handicap moves."""
    updates = decoded("E9,13/08/2022,A,B,1.9,-0.5,1.9", header="Div,Date,HomeTeam,AwayTeam,P>2.5,AHh,PAHA")
    total, handicap = (quote.selection for quote in quotes(updates))
    assert (total.identity, total.source_market_id) == ("1|fd|E9\\|2022-08-13\\|A\\|B|P|total|2.5|over", "E9|2022-08-13|A|B|P|total|2.5")
    assert (handicap.identity, handicap.market, handicap.participant, handicap.bookmaker) == (
        "1|fd|E9\\|2022-08-13\\|A\\|B|P|asian_handicap|away",
        "spread",
        "",
        "Pinnacle",
    )
    assert [quote.line for quote in quotes(updates)] == [2.5, 0.5]


def test_a_match_to_be_played() -> None:
    """Opening prices, and nothing after them."""
    updates = decoded("E9,13/08/2022,15:00,Ayton,Beeford,,,,2.1,3.4,3.6", at=KICK_OFF - 10**11)
    assert [quote.status for quote in quotes(updates)] == ["open"] * 3
    assert [type(update) for update in updates] == [Fixture, Quote, Quote, Quote, Complete]


@pytest.mark.parametrize("row", [PLAYED, "E9,13/08/2022,15:00,Ayton,Beeford,,,,2.1,3.4,3.6,,,,1.95"])
def test_the_future_has_neither_results_nor_closing_prices(row: str) -> None:
    """A row that says otherwise has the wrong day, and is not taken at all."""
    assert rejects(decoded(row, at=KICK_OFF - 1)) == [("row[2]", "date")]
    assert len(decoded(row, at=KICK_OFF - 1)) == 2
    assert rejects(decoded(row, at=KICK_OFF)) == []


@pytest.mark.parametrize(
    ("cells", "faults"),
    [
        ("-0.3,1.9,2", [("row[2].AHh", "line")]),
        ("-0.5,0,2", [("row[2].B365AHH", "no_price")]),
        ("1.84,0,1.9", [("row[2].B365AHH", "no_price"), ("row[2].AHh", "line")]),
        ("2,-0.5,1.9", [("row[2].B365AHH", "price")]),
        (",1.9,2", []),
    ],
)
def test_a_handicap_stands_or_falls_with_its_line(cells: str, faults: list[tuple[str, str]]) -> None:
    """Its cells may be in another order than the header's: where one cannot be, the others are not believed, and counted."""
    updates = decoded(f"E9,13/08/2022,15:00,Ayton,Beeford,2,1,H,,,,{cells}")
    assert sorted(rejects(updates)) == sorted(faults)
    assert quotes(updates) == []
    assert {update for update in updates if isinstance(update, Skipped)} <= {Skipped("filtered", "handicap")}
    assert any(isinstance(update, Skipped) for update in updates)


def test_a_line_of_several_bookmakers_is_rejected_once() -> None:
    """It is one cell."""
    updates = decoded("E9,13/08/2022,A,B,x,1.9,2,1.9,2", header="Div,Date,HomeTeam,AwayTeam,AHh,B365AHH,B365AHA,PAHH,PAHA")
    assert rejects(updates) == [("row[2].AHh", "line")]


def test_a_bad_cell_costs_itself() -> None:
    """Its neighbours are taken, and settled; a selection without any price is none."""
    updates = decoded("E9,13/08/2022,15:00,Ayton,Beeford,2,1,H,3.53.75,3.4,0,,,,1.95")
    assert rejects(updates) == [("row[2].B365H", "price"), ("row[2].B365A", "no_price")]
    assert [(quote.selection.outcome, quote.price) for quote in quotes(updates)] == [
        ("draw", 3.4),
        ("home", 1.95),
        ("draw", 0.0),
        ("home", 0.0),
    ]


def test_a_row_whose_columns_are_shifted() -> None:
    """Too much of it is wrong for any of it to be right."""
    updates = decoded("E9,13/08/2022,15:00,Ayton,Beeford,2,1,H,x,x,x,x,x,x,x,x,x,x,x,1.8")
    assert (rejects(updates), len(updates)) == ([("row[2]", "shifted")], 2)


def test_a_match_told_twice() -> None:
    """In the same words: once. In others: nobody knows which are true, and the first stay."""
    updates = decoded(PLAYED, PLAYED, PLAYED.replace("2,1,H", "2,2,D"))
    assert next(update for update in updates if isinstance(update, Skipped | Reject)) == Skipped("duplicate", "row")
    assert rejects(updates) == [("row[4]", "repeated")]
    assert [update.winner for update in updates if isinstance(update, Result)] == ["home"]


def test_too_many_faults() -> None:
    """Then nothing in the file is what it seems."""
    row = "E9,13/08/2022,15:00,A{0},B,2,1,H,x,x,x,x,x,x,x,x"
    decoded(*(row.format(number) for number in range(MOST_FAULTS // 9)))
    with pytest.raises(Malformed, match="hopeless"):
        decoded(*(row.format(number) for number in range(MOST_FAULTS // 8 + 1)))


def test_which_query() -> None:
    """What the poller calls it; a file with nothing in it is complete as well."""
    decoder = FootballDataDecoder("fd")
    assert list(decoder(frame(key="new/USA"))) == [Complete(Scope("query", "new/USA"), frozenset())]
    assert list(decoder.broken("lost", frame(key="new/USA"))) == [Gap(Scope("query", "new/USA"), "lost")]
    assert list(decoder.broken("lost", frame())) == list(decoder.broken("lost")) == [Gap(WHOLE, "lost")]
    assert list(decoder(Frame("fd", "opened", LATER))) == []


def test_counts() -> None:
    """Files, matches, prices, and columns that nobody knows."""
    decoder = FootballDataDecoder("fd")
    decoder(frame(PLAYED + ",9", header=HEADER + ",XYZH"))
    assert decoder.counts == {"files": 1, "matches": 1, "prices": 10, "unknown_columns": 1}


def test_when_a_file_was_made() -> None:
    """No earlier than the last thing it tells of: a final whistle, a collection of prices; nothing told, nothing known."""
    coming = "E9,13/08/2022,15:00,Ayton,Beeford,,,,2.1,3.4,3.6"
    assert derived_time(frame(PLAYED).payload) == KICK_OFF + 7_200_000_000
    assert derived_time(frame(coming).payload) == KICK_OFF - 97_200_000_000
    assert [derived_time(payload) for payload in (b"", b"<html>", frame().payload, frame("E9,x").payload)] == [None] * 4


CELLS = st.text(alphabet='0123456789.,/-xHDA "\xa0\0\n\ud800é', max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=25), max_size=6), st.binary(max_size=60), st.integers(0, 200))
def test_whatever_comes_in(rows: list[list[str]], noise: bytes, at: int) -> None:
    """Updates, rejects, or Malformed; never anything else."""
    payload = "\n".join([HEADER, PLAYED, *(",".join(row) for row in rows)]).encode("utf-8", "surrogatepass")
    for content in (payload, payload[:at] + noise + payload[at:], noise):
        try:
            list(FootballDataDecoder("fd")(Frame("fd", "data", LATER, content)))
        except Malformed:
            continue
