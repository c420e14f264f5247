"""Messages of the exchange to updates, by hand-written messages."""

from typing import Protocol

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Decoded, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result, Scope, Skipped
from ingestd.sources.feeds.simulated.decoder import SimulatedDecoder

T = 1_790_000_000_000_000
MARKET = Scope("market", "E1.1")


class Reader(Protocol):
    """See ``conftest``."""

    decoder: SimulatedDecoder

    def raw(self, payload: bytes) -> list[Decoded]:
        """Say a payload."""

    def say(self, **message: object) -> list[Decoded]:
        """Say a message."""


def names(updates: list[Decoded]) -> list[str]:
    """The kinds of updates, in order."""
    return [type(update).__name__ for update in updates]


def quote(update: Decoded) -> Quote:
    """An update that must be a quote."""
    assert isinstance(update, Quote)
    return update


def test_an_image_tells_everything_and_says_that_it_is_complete(blank: Reader, image: dict[str, object]) -> None:
    """Fixtures first; status after the quotes of an open market, before those of a suspended one; then what is listed."""
    updates = blank.say(**image)
    assert names(updates) == ["Fixture", "Quote", "Quote", "MarketStatus", "MarketStatus", "Quote", "Quote", "Complete"]
    fixture, back, lay, status = updates[:4]
    assert isinstance(fixture, Fixture)
    assert (fixture.home, fixture.away, fixture.starts_at, fixture.started_by) == ("Ashford", "Selby", T + 1_000_000, "")
    assert (quote(back).price, quote(back).status, quote(back).changed_at, quote(back).selection.side) == (1.8, "open", T - 4, "back")
    assert (quote(lay).size, quote(lay).status, quote(lay).selection.bookmaker_kind) == (55.5, "suspended", "exchange")
    assert isinstance(status, MarketStatus)
    assert (status.source_market_id, status.status, status.changed_at) == ("E1.1", "open", T - 5)
    assert updates[-1] == Complete(WHOLE, frozenset(quote(updates[k]).selection.id for k in (1, 2, 5, 6)), T)


def test_the_line_names_a_selection_in_a_ladder_and_nowhere_else(blank: Reader, image: dict[str, object]) -> None:
    """Two lines of an alternate total are two selections; identity holds the exchange's own ids."""
    updates = blank.say(**image)
    assert [quote(updates[k]).selection.identity for k in (1, 5, 6)] == [
        "1|sim|E1.1|ns|home|back",
        "1|sim|E1.4|ns|over|back|0.5",
        "1|sim|E1.4|ns|over|back|1.5",
    ]


def test_a_delta_quotes_known_selections_by_their_number(reader: Reader) -> None:
    """Quotes of a delta carry its stamp and share the selection that the image told."""
    first = reader.say(op="delta", n=11, t=T + 1, market="E1.1", quotes=[[1, 2.0, 3.0, None, "open"], [0, 1.81, None, None, "open"]])
    second = reader.say(op="delta", n=12, t=T + 1, market="E1.1", quotes=[[1, 2.02, 3.0, None, "open"]])
    assert [(quote(update).price, quote(update).changed_at) for update in first + second] == [(2.0, T + 1), (1.81, T + 1), (2.02, T + 1)]
    assert quote(first[0]).selection is quote(second[0]).selection


def test_withdrawal_and_settlement_repeat_the_price(reader: Reader) -> None:
    """A withdrawn or settled quote has no price of its own; a void one is void; the market's status comes last."""
    gone = reader.say(op="withdraw", n=11, t=T + 1, market="E1.1", selections=[1])
    done = reader.say(op="settle", n=12, t=T + 2, market="E1.1", results=[[0, "won"], [1, "void"]])
    assert [(quote(update).price, quote(update).status, quote(update).result) for update in gone + done[:2]] == [
        (None, "withdrawn", ""),
        (None, "settled", "won"),
        (None, "void", "void"),
    ]
    assert isinstance(done[2], MarketStatus)
    assert done[2].status == "settled"


def test_status_fixture_and_result_are_told(reader: Reader, image: dict[str, object]) -> None:
    """The messages that hold no price."""
    status = reader.say(op="status", n=11, t=T + 1, market="E1.1", status="suspended")
    fixtures = image["fixtures"]
    assert isinstance(fixtures, list)
    fixture = reader.say(op="fixture", n=12, t=T + 2, fixture=fixtures[0] | {"started": T + 2, "status": "in_play", "t": T + 2})
    score = {"event": "E1", "period": "", "t": T + 3, "home": 2, "away": 1, "winner": "home", "state": "final"}
    result = reader.say(op="result", n=13, t=T + 3, result=score)
    assert status == [
        MarketStatus(source_event_id="E1", source_market_id="E1.1", market="match_result", status="suspended", changed_at=T + 1)
    ]
    assert isinstance(fixture[0], Fixture)
    assert (fixture[0].started_at, fixture[0].started_by, fixture[0].status) == (T + 2, "in_play", "in_play")
    assert result == [Result(source_event_id="E1", home_score=2, away_score=1, winner="home", changed_at=T + 3)]


def test_a_number_seen_before_is_a_duplicate(reader: Reader) -> None:
    """All updates that the message would have been count; what follows goes on."""
    delta = {"op": "delta", "t": T, "market": "E1.1", "quotes": [[0, 1.7, None, None, "open"], [1, 2.0, 1.0, None, "open"]]}
    assert names(reader.say(n=11, **delta)) == ["Quote", "Quote"]
    assert reader.say(n=11, **delta) == [Skipped("duplicate", "sequence", 2)]
    assert names(reader.say(n=12, **delta)) == ["Quote", "Quote"]


def test_a_hole_is_a_gap_of_everything_until_an_image(reader: Reader, image: dict[str, object]) -> None:
    """What follows a hole has no base; an image of everything is one."""
    delta = {"op": "delta", "t": T, "market": "E1.1", "quotes": [[0, 1.7, None, None, "open"]]}
    hole = reader.say(n=12, **delta)
    after = reader.say(n=13, **delta)
    assert hole[0] == Gap(WHOLE, "sequence")
    assert [update.category for update in hole[1:] + after if isinstance(update, Reject)] == ["no_base", "no_base"]
    assert names(reader.say(**image | {"n": 20}))[-1] == "Complete"
    assert names(reader.say(n=21, **delta)) == ["Quote"]


def test_a_heartbeat_proves_a_hole_at_the_end(reader: Reader) -> None:
    """A heartbeat's number is that of the last statement: greater than ours, something is missing."""
    assert reader.say(op="heartbeat", n=10) == []
    assert reader.say(op="heartbeat", n=11) == [Gap(WHOLE, "sequence")]
    assert reader.say(op="heartbeat", n=12) == []


def test_nothing_has_a_base_before_the_image(blank: Reader) -> None:
    """A stream that begins in the middle is rejected frame by frame, its heartbeats are not."""
    assert blank.say(op="heartbeat", n=3) == []
    assert names(blank.say(op="status", n=4, t=T, market="E1.1", status="open")) == ["Reject"]


def test_a_bad_element_is_rejected_alone(reader: Reader) -> None:
    """Its neighbours in the same message go on; the path says which one it was."""
    payload = (
        b'{"op":"delta","n":11,"t":1,"market":"E1.1","quotes":[[0,1.5,null,null,"open"],[1,"NaN",null,null,"open"],[1,2,1,null,"open"]]}'
    )
    rejected, *quotes = reader.raw(payload)
    assert isinstance(rejected, Reject)
    assert (rejected.category, rejected.path) == ("shape", "quotes[1]")
    assert [quote(update).price for update in quotes] == [1.5, 2.0]


@pytest.mark.parametrize(
    "element", ['[1,1e999,null,null,"open"]', "[1,2.0]", "{}", "null", '[1,2.0,null,null,"closed"]', "[" * 50 + "]" * 50]
)
def test_absurd_elements_never_pass(reader: Reader, element: str) -> None:
    """Infinity, a missing field, a wrong type, an unknown status, a nest: each costs itself."""
    updates = reader.raw(f'{{"op":"delta","n":11,"t":1,"market":"E1.1","quotes":[{element},[0,1.5,null,null,"open"]]}}'.encode())
    assert names(updates) == ["Reject", "Quote"]


def test_an_unknown_selection_is_a_gap_of_its_market(reader: Reader, image: dict[str, object]) -> None:
    """Deltas of that market wait for its image, which is asked for; others go on."""
    unknown = reader.say(op="delta", n=11, t=T, market="E1.1", quotes=[[7, 1.5, None, None, "open"], [0, 1.5, None, None, "open"]])
    assert names(unknown) == ["Reject", "Quote", "Gap"]
    assert unknown[-1] == Gap(MARKET, "unknown_selection")
    assert names(reader.say(op="delta", n=12, t=T, market="E1.1", quotes=[[0, 1.6, None, None, "open"]])) == ["Reject"]
    assert names(reader.say(op="delta", n=13, t=T, market="E1.4", quotes=[[0, 1.6, None, 0.5, "open"]])) == ["Quote"]
    markets = image["markets"]
    assert isinstance(markets, list)
    assert names(reader.say(op="market", n=13, t=T, asked=True, market=markets[0]))[-1] == "Complete"
    assert names(reader.say(op="delta", n=14, t=T, market="E1.1", quotes=[[0, 1.6, None, None, "open"]])) == ["Quote"]


def test_an_unknown_market_is_a_gap_of_its_own(reader: Reader) -> None:
    """What no image has told cannot be named."""
    assert reader.say(op="status", n=11, t=T, market="E9.1", status="open")[1:] == [Gap(Scope("market", "E9.1"), "unknown_market")]


def test_an_image_of_a_market_lists_what_is_left(reader: Reader, image: dict[str, object]) -> None:
    """What it no longer lists is withdrawn by the book, to which ``Complete`` says what is."""
    markets = image["markets"]
    assert isinstance(markets, list)
    left = markets[0] | {"quotes": markets[0]["quotes"][:1]}
    quoted, status, complete = reader.say(op="market", n=11, t=T + 1, asked=False, market=left)
    assert isinstance(status, MarketStatus)
    assert complete == Complete(MARKET, frozenset([quote(quoted).selection.id]), T + 1)


def test_an_image_in_parts_is_said_at_its_end(blank: Reader, image: dict[str, object]) -> None:
    """Nothing of an image holds before all of it is there; a statement between its parts has no base."""
    markets = image["markets"]
    assert isinstance(markets, list)
    assert blank.say(**image | {"parts": 2, "markets": markets[:1]}) == []
    assert blank.say(op="heartbeat", n=10) == []
    last = image | {"parts": 2, "part": 2, "markets": markets[1:], "bookmakers": [], "fixtures": []}
    updates = blank.say(**last)
    assert names(updates) == ["Fixture", "Quote", "Quote", "MarketStatus", "MarketStatus", "Quote", "Quote", "Complete"]


@pytest.mark.parametrize("change", [{"part": 3}, {"n": 11}, {"parts": 4}])
def test_a_part_out_of_turn_breaks_the_image(blank: Reader, image: dict[str, object], change: dict[str, object]) -> None:
    """A part is missing: the image is no image."""
    blank.say(**image | {"parts": 3, "markets": []})
    with pytest.raises(Malformed, match="out of turn"):
        blank.decoder(Frame("sim", "data", T, msgspec.json.encode(image | {"part": 2, "parts": 3, "markets": []} | change)))


def test_an_image_begun_again_starts_afresh(blank: Reader, image: dict[str, object]) -> None:
    """After a resumed session sends a cut image again, the first attempt is forgotten."""
    blank.say(**image | {"parts": 2})
    assert names(blank.say(**image)).count("Quote") == 4


def test_a_lost_frame_is_a_gap_of_everything(reader: Reader) -> None:
    """Whatever the loader could not read might have been anything."""
    assert reader.decoder.broken("malformed") == [Gap(WHOLE, "malformed")]
    assert names(reader.say(op="status", n=11, t=T, market="E1.1", status="open")) == ["Reject"]


def test_counts_are_in_the_exchanges_own_units(reader: Reader) -> None:
    """Messages read, quotes in them, images completed."""
    reader.say(op="delta", n=11, t=T, market="E1.1", quotes=[[0, 1.5, None, None, "open"]])
    assert reader.decoder.counts == {"messages": 2, "quotes": 5, "images": 1}


def test_a_bookmaker_nobody_told_is_rejected(blank: Reader, image: dict[str, object]) -> None:
    """A code without a name cannot be shown to anybody."""
    updates = blank.say(**image | {"bookmakers": [["ns", "North Star", "book"]]})
    assert [update.category for update in updates if isinstance(update, Reject)] == ["unknown_bookmaker"]


BASES = [
    b'{"op":"delta","n":11,"t":1790000000000001,"market":"E1.1","quotes":[[0,1.5,null,null,"open"],[1,2.5,7.0,null,"suspended"]]}',
    b'{"op":"settle","n":11,"t":1790000000000001,"market":"E1.1","results":[[0,"won"],[1,"half_lost"]]}',
    b'{"op":"withdraw","n":11,"t":1790000000000001,"market":"E1.1","selections":[0]}',
    (
        b'{"op":"market","n":11,"t":17,"asked":false,"market":{"id":"E1.1","event":"E1","market":"total","period":"","status":"open","t":17,'
        b'"quotes":[[0,1.8,null,2.5,"open",17,"ns","over","","back"]]}}'
    ),
    b'{"op":"image","n":11,"t":17,"part":1,"parts":1,"bookmakers":[],"fixtures":[],"results":[],"markets":[]}',
]
PIECES = [
    b"NaN",
    b"1e999",
    b"-1",
    b"null",
    b'"\\ud800"',
    b"\xff",
    b"\x00",
    b"[",
    b"]",
    b"{}",
    b'""',
    b"9" * 400,
    b"[" * 5000,
    b"true",
    b",",
    b'"op":"image"',
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_raises_anything_but_malformed(reader: Reader, data: st.DataObject) -> None:
    """Whatever is cut out of a message or put into it, the decoder says Malformed or yields updates."""
    payload = bytearray(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(payload)))
        stop = min(len(payload), start + data.draw(st.integers(0, 12)))
        payload[start:stop] = data.draw(st.sampled_from(PIECES) | st.binary(max_size=6))
    assert all(isinstance(update, Decoded) for update in reader.raw(bytes(payload)))
