"""The decoder: bases, images, segments, names, what is missing, and anything at all on the wire."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Decoded, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result, Scope, Skipped
from ingestd.sources.feeds.betfair import decoder as module
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder

PT = 1_700_000_000_000
Json = Any  # type: ignore[explicit-any]  # whatever a message holds


def frame(*, epoch: bool = False, meta: dict[str, str] | None = None, **message: Json) -> Frame:
    """A message of the stream."""
    payload = json.dumps({"op": "mcm", "id": 2, "pt": PT} | message).encode()
    return Frame("bf", "data", PT * 1000, payload, epoch=epoch, meta=meta or {})


def opened(**meta: str) -> Frame:
    """The beginning of a fresh session."""
    return Frame("bf", "opened", PT * 1000, epoch=True, meta=meta)


def market(market_id: str, *runners: Json, status: str = "OPEN", **more: Json) -> Json:
    """A market as an image has it."""
    definition = {"eventId": "9", "eventTypeId": "1", "marketType": "MATCH_ODDS", "status": status, "runners": [{"id": 1}, {"id": 2}]}
    return {"id": market_id, "marketDefinition": definition, "rc": list(runners)} | more


def back(selection_id: int, price: float, size: float = 10) -> Json:
    """A best offer."""
    return {"id": selection_id, "batb": [[0, price, size]]}


def live(*markets: Json) -> BetfairDecoder:
    """A decoder after the image of these markets."""
    decoder = BetfairDecoder("bf")
    decoder(opened())
    decoder(frame(ct="SUB_IMAGE", mc=list(markets or (market("1.1", back(1, 2.0)), market("1.2", back(1, 3.0))))))
    return decoder


def recorded() -> BetfairDecoder:
    """A decoder at the beginning of a file."""
    decoder = BetfairDecoder("bf")
    decoder(opened(recorded="1"))
    return decoder


def kinds(out: list[Decoded]) -> list[str]:
    """Updates by their names."""
    return [type(one).__name__ for one in out]


def quotes(out: list[Decoded]) -> list[tuple[str, float | None, str]]:
    """Quotes in short."""
    return [(one.selection.source_market_id, one.price, one.status) for one in out if isinstance(one, Quote)]


def test_a_fresh_image_completes_the_source() -> None:
    """Events first, then markets and prices, at last the proof; the time is the publishing time."""
    decoder = BetfairDecoder("bf")
    assert decoder(opened()) == []
    out = decoder(frame(ct="SUB_IMAGE", mc=[market("1.1", back(1, 2.0))]))
    assert kinds(out) == ["Fixture", "MarketStatus", "Quote", "Complete"]
    quote, complete = out[2:]
    assert isinstance(quote, Quote)
    assert quote.changed_at == PT * 1000
    assert complete == Complete(WHOLE, frozenset({quote.selection.id}), PT * 1000)


def test_heartbeats_and_other_operations_say_nothing() -> None:
    """Status 503 neither; they count as lines."""
    decoder = live()
    for message in ({"ct": "HEARTBEAT"}, {"status": 503}, {"op": "status", "statusCode": "SUCCESS"}, {"op": "connection"}):
        assert decoder(frame(**message)) == []
    assert decoder.counts == {"lines": 5, "mc": 2, "rc": 2}


def test_an_unknown_operation_is_malformed() -> None:
    """Perhaps it says something that we should know."""
    with pytest.raises(Malformed, match="unknown operation"):
        live()(frame(op="news"))


def test_a_patch_after_resumption_is_a_change() -> None:
    """Nothing is thrown away; markets given as images are replaced and complete."""
    decoder = live()
    decoder(Frame("bf", "closed", 0))
    decoder(Frame("bf", "opened", 0, meta={"resumed": "conflated"}))
    out = decoder(frame(ct="RESUB_DELTA", mc=[{"id": "1.1", "rc": [back(2, 4.0)], "con": True}, market("1.2", back(2, 5.0), img=True)]))
    assert quotes(out) == [("1.1", 4.0, "open"), ("1.2", 5.0, "open"), ("1.2", None, "withdrawn")]
    assert [one.scope for one in out if isinstance(one, Complete)] == [Scope("market", "1.2")]


def test_an_image_in_mid_stream_throws_everything_away() -> None:
    """What it does not list is no longer offered; with or without a new epoch."""
    for epoch in (True, False):
        decoder = live()
        out = decoder(frame(ct="SUB_IMAGE", epoch=epoch, mc=[market("1.2", back(2, 3.5))]))
        completes = [one for one in out if isinstance(one, Complete)]
        assert [(one.scope, len(one.listed)) for one in completes] == [(WHOLE, 1)]
        assert list(decoder.markets) == ["1.2"]
        assert quotes(out) == [("1.2", 3.5, "open")]


def test_a_segmented_image_counts_at_its_end() -> None:
    """All markets at once."""
    decoder = BetfairDecoder("bf")
    decoder(opened())
    assert decoder(frame(ct="SUB_IMAGE", segmentType="SEG_START", mc=[market("1.1", back(1, 2.0))])) == []
    assert decoder(frame(segmentType="SEG", mc=[market("1.2", back(1, 3.0))])) == []
    out = decoder(frame(segmentType="SEG_END", mc=[market("1.3", back(1, 4.0))]))
    assert quotes(out) == [("1.1", 2.0, "open"), ("1.2", 3.0, "open"), ("1.3", 4.0, "open")]
    assert kinds(out)[-1] == "Complete"


def test_an_unfinished_image_dies_with_its_session() -> None:
    """Its pieces must not meet those of the next."""
    decoder = live()
    decoder(frame(ct="SUB_IMAGE", segmentType="SEG_START", mc=[market("1.1")]))
    decoder(Frame("bf", "closed", 0))
    decoder(Frame("bf", "opened", 0, meta={"resumed": "conflated"}))
    assert quotes(decoder(frame(ct="RESUB_DELTA", mc=[{"id": "1.1", "rc": [back(2, 4.0)]}]))) == [("1.1", 4.0, "open")]


def test_a_market_moved_to_another_event_stands_twice_in_an_image() -> None:
    """The higher version counts, wherever it stands."""
    old, new = market("1.1", back(1, 2.0)), market("1.1", back(1, 3.0))
    old["marketDefinition"]["version"], new["marketDefinition"]["version"] = 1, 2
    for pair in ([old, new], [new, old]):
        decoder = BetfairDecoder("bf")
        decoder(opened())
        out = decoder(frame(ct="SUB_IMAGE", mc=pair))
        assert quotes(out) == [("1.1", 3.0, "open")]
        assert [one.outcome for one in out if isinstance(one, Skipped)] == ["duplicate"]


def test_a_change_without_base_is_rejected() -> None:
    """By its path, with one gap per market until its image comes."""
    decoder = live()
    change = {"id": "1.9", "rc": [back(1, 2.0)]}
    first, second = decoder(frame(mc=[{"id": "1.1", "rc": [back(1, 2.5)]}, change])), decoder(frame(mc=[change]))
    assert kinds(first) == ["Quote", "Reject", "Gap"]
    reject, gap = first[1:]
    assert isinstance(reject, Reject)
    assert (reject.category, reject.path) == ("no_base", "mc[1]")
    assert gap == Gap(Scope("market", "1.9"), "no_base")
    assert kinds(second) == ["Reject"]
    assert kinds(decoder(frame(mc=[market("1.9", back(1, 2.0), img=True)]))) == ["MarketStatus", "Quote", "Complete"]
    assert kinds(decoder(frame(mc=[change]))) == ["Quote"]
    assert kinds(decoder(frame(mc=[{"id": "1.9", "rc": [{"id": "bad"}]}]))) == ["Reject", "Gap"]


def test_one_bad_element_costs_its_market_alone() -> None:
    """Neighbours count, the market has a gap, and no base until its image."""
    decoder = live()
    bad = {"id": "1.1", "rc": [back(1, 2.5), {"id": 2, "ltp": "high"}]}
    out = decoder(frame(mc=[bad, {"id": "1.2", "rc": [back(1, 3.5)]}]))
    assert quotes(out) == [("1.1", 2.5, "open"), ("1.2", 3.5, "open")]
    assert [(one.category, one.path) for one in out if isinstance(one, Reject)] == [("shape", "mc[0].rc[1]")]
    assert out[-1] == Gap(Scope("market", "1.1"), "unreadable")
    assert decoder.counts == {"lines": 2, "mc": 4, "rc": 5}
    assert kinds(decoder(frame(mc=[{"id": "1.1", "rc": [back(1, 2.6)]}]))) == ["Reject"]


def test_a_bad_element_of_unknown_market_may_concern_any() -> None:
    """So nothing has a base."""
    decoder = live()
    out = decoder(frame(mc=[{"id": 5}, {"id": "1.2", "rc": [back(1, 3.5)]}]))
    assert (quotes(out), out[-1]) == ([("1.2", 3.5, "open")], Gap(WHOLE, "unreadable"))
    assert decoder.markets == {}


def test_a_bad_element_in_an_image_proves_nothing_of_its_market() -> None:
    """The others are complete, one by one; the bad one has no base."""
    decoder = BetfairDecoder("bf")
    decoder(opened())
    out = decoder(frame(ct="SUB_IMAGE", mc=[market("1.1", back(1, 2.0)), market("1.2", {"id": "x"})]))
    assert [one.scope for one in out if isinstance(one, Complete)] == [Scope("market", "1.1")]
    assert out[-1] == Gap(Scope("market", "1.2"), "unreadable")
    assert list(decoder.markets) == ["1.1"]


def test_a_missing_frame_costs_a_live_stream_its_base() -> None:
    """One gap for all, and rejects without further gaps until the next image."""
    decoder = live()
    assert decoder.broken("malformed") == [Gap(WHOLE, "malformed")]
    assert kinds(decoder(frame(mc=[{"id": "1.1", "rc": [back(1, 2.0)]}]))) == ["Reject"]
    assert kinds(decoder(frame(ct="SUB_IMAGE", mc=[market("1.1", back(1, 2.0))])))[-1] == "Complete"
    assert kinds(decoder(frame(mc=[{"id": "1.7", "rc": []}]))) == ["Reject", "Gap"]


def test_a_missing_frame_is_a_hole_in_a_recording() -> None:
    """There is nobody to ask again: prices go on, and coverage says so."""
    decoder = recorded()
    decoder(frame(mc=[market("1.1", back(1, 2.0))]))
    assert decoder.broken("malformed") == [Gap(Scope("market", "1.1"), "malformed")]
    assert quotes(decoder(frame(mc=[{"id": "1.1", "rc": [back(1, 2.5)]}]))) == [("1.1", 2.5, "open")]
    out = decoder(frame(mc=[{"id": "1.1", "rc": [{"id": "x"}, back(1, 2.6)]}]))
    assert (quotes(out), out[-1]) == ([("1.1", 2.6, "open")], Gap(Scope("market", "1.1"), "unreadable"))


def test_a_recorded_market_begins_empty() -> None:
    """At its first line, with or without a definition; that it is covered is said before its prices."""
    decoder = recorded()
    out = decoder(frame(mc=[{"id": "1.1", "rc": [back(1, 2.0)]}]))
    assert (kinds(out), out[0]) == (["Complete", "Quote"], Complete(Scope("market", "1.1"), frozenset(), PT * 1000))


def test_names_arrive_on_their_own() -> None:
    """Before or after the market; they are forgotten with the epoch."""
    answer = b'[{"marketId":"1.1","runners":[{"selectionId":1,"runnerName":"A"}],"event":{"id":"9","name":"A v B"}},{"marketId":3}]'
    catalogue = Frame("bf", "data", 0, answer, meta={"content": "catalogue"})
    decoder = live(market("1.1", back(1, 2.0)))
    out = decoder(catalogue)
    assert kinds(out) == ["Fixture", "Quote", "Reject"]
    fixture, quote, _ = out
    assert isinstance(fixture, Fixture)
    assert isinstance(quote, Quote)
    assert (fixture.name, quote.selection.outcome, quote.changed_at) == ("A v B", "home", PT * 1000)
    assert decoder(catalogue)[:-1] == []
    image = frame(ct="SUB_IMAGE", epoch=True, mc=[market("1.1", back(1, 2.0))])
    assert [one.selection.outcome for one in decoder(image) if isinstance(one, Quote)] == ["1"]
    first = BetfairDecoder("bf")
    first(opened())
    first(catalogue)
    image = frame(ct="SUB_IMAGE", mc=[market("1.1", back(1, 2.0))])
    assert [one.selection.outcome for one in first(image) if isinstance(one, Quote)] == ["home"]
    assert decoder.counts["lines"] == 2


def test_a_match_is_settled_with_its_winner() -> None:
    """Market, selections and result in one message."""
    decoder = live(market("1.1", back(1, 2.0)))
    closed = market("1.1", status="CLOSED")
    closed["marketDefinition"]["runners"] = [{"id": 1, "status": "WINNER", "name": "A"}, {"id": 2, "status": "LOSER"}]
    out = decoder(frame(mc=[closed]))
    assert [one.status for one in out if isinstance(one, Fixture | MarketStatus)] == ["finished", "settled"]
    assert [one.winner for one in out if isinstance(one, Result)] == ["A"]
    assert {(one.selection.outcome, one.result) for one in out if isinstance(one, Quote)} >= {("A", "won"), ("2", "lost")}


def test_connections_together_complete_the_source() -> None:
    """When the last has given its image; later images of one complete its own markets, and end those it no longer has."""
    decoder = BetfairDecoder("bf")
    decoder(opened(shards="2"))
    first = decoder(frame(ct="SUB_IMAGE", meta={"shard": "0"}, mc=[market("1.1", back(1, 2.0)), market("1.2", back(1, 2.0))]))
    second = decoder(frame(ct="SUB_IMAGE", meta={"shard": "1"}, mc=[market("1.3", back(1, 2.0))]))
    again = decoder(frame(ct="SUB_IMAGE", meta={"shard": "0"}, mc=[market("1.2", back(1, 2.0))]))
    scopes = [[(one.scope, len(one.listed)) for one in out if isinstance(one, Complete)] for out in (first, second, again)]
    assert scopes == [[], [(WHOLE, 3)], [(Scope("market", "1.2"), 1), (Scope("market", "1.1"), 0)]]
    assert list(decoder.markets) == ["1.3", "1.2"]


def test_closed_markets_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go; those that reopened stay."""
    monkeypatch.setattr(module, "MOST_CLOSED", 1)
    decoder = live(*(market(f"1.{number}") for number in range(4)))
    decoder(frame(mc=[market("1.0", status="CLOSED")]))
    decoder(frame(mc=[market("1.0")]))
    decoder(frame(mc=[market("1.1", status="CLOSED"), market("1.2", status="CLOSED")]))
    assert list(decoder.markets) == ["1.0", "1.2", "1.3"]


def test_gaps_told_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound one may be told twice."""
    monkeypatch.setattr(module, "MOST_GAPS", 2)
    decoder = live()
    gaps = [kinds(decoder(frame(mc=[{"id": market_id}])))[1:] for market_id in ("a", "b", "a", "c", "a")]
    assert gaps == [["Gap"], ["Gap"], [], ["Gap"], ["Gap"]]


ABSURD: tuple[Json, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    -0.0,
    2**70,
    "",
    "NaN",
    "x" * 50,
    "\x00",
    "\ud800",
    [],
    [[]],
    {},
    {"id": 1},
    [[0, -1, -1]],
    [[10**9, 2, 2]],
)
SEEDS = (
    {
        "op": "mcm",
        "id": 2,
        "pt": PT,
        "clk": "A",
        "mc": [{"id": "1.1", "rc": [{"id": 1, "batb": [[0, 2.0, 5]], "ltp": 3}, {"id": 2, "atl": []}]}],
    },
    {
        "op": "mcm",
        "id": 2,
        "pt": PT,
        "ct": "SUB_IMAGE",
        "mc": [market("1.1", back(1, 2.0)), market("1.3", {"id": 1, "hc": -0.5, "trd": [[2, 1]]})],
    },
    {"op": "mcm", "id": 2, "pt": PT, "segmentType": "SEG_START", "ct": "SUB_IMAGE", "mc": [market("1.1", back(1, 2.0), img=True)]},
    {"op": "mcm", "id": 2, "pt": PT, "segmentType": "SEG_END", "mc": [market("1.2", back(1, 2.0), status="CLOSED")]},
    {"op": "mcm", "id": 2, "pt": PT, "mc": [market("1.2", back(1, 2.0), back(2, 9.0), img=True, con=True)]},
)


def mutate(node: Json, draw: st.DrawFn) -> Json:
    """Somewhere in it, something else."""
    if isinstance(node, dict) and node and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(node)))
        return {**node, key: mutate(node[key], draw)}
    if isinstance(node, list) and node and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(node) - 1))
        return [*node[:place], mutate(node[place], draw), *node[place + 1 :]]
    return draw(st.sampled_from(ABSURD))


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Messages with a few absurd values in them, or with bytes cut or changed."""
    message: Json = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 3))):
        message = mutate(message, draw)
    payload = json.dumps(message).encode()
    if draw(st.booleans()):
        return payload
    place = draw(st.integers(0, len(payload) - 1))
    return payload[:place] + draw(st.binary(max_size=3)) + payload[place + draw(st.integers(0, 3)) :]


@settings(max_examples=400, deadline=None)
@given(st.booleans(), st.lists(payloads(), min_size=1, max_size=6))
def test_nothing_on_the_wire_breaks_it(is_recorded: bool, stream: list[bytes]) -> None:
    """Malformed is all that it raises, and afterwards a right image is read as ever."""
    decoder = BetfairDecoder("bf")
    decoder(opened(**({"recorded": "1"} if is_recorded else {})))
    decoder(frame(ct="SUB_IMAGE", mc=[market("1.1", back(1, 2.0)), market("1.2", back(1, 3.0))]))
    broken: list[str] = []
    for payload in stream:
        try:
            decoder(Frame("bf", "data", 0, payload))
        except Malformed as error:
            broken.append(error.category)
            decoder.broken("malformed")
    decoder(Frame("bf", "closed", 0))
    decoder(opened())
    out = decoder(frame(ct="SUB_IMAGE", mc=[market("1.1", back(1, 2.0))]))
    assert [one.price for one in out if isinstance(one, Quote)] == [2.0]
    assert all(broken)


@pytest.mark.parametrize(
    "payload", [b"[" * 100_000, b'{"op":"mcm","mc":[{"id":"1.1","rc":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}", b"\xff\xfe", b"\x00"]
)
def test_absurd_frames_are_malformed(payload: bytes) -> None:
    """Depth, encoding, NUL."""
    with pytest.raises(Malformed):
        BetfairDecoder("bf")(Frame("bf", "data", 0, payload))


def test_a_live_stream_goes_forward() -> None:
    """A message older than the one before it came out of turn: patches in the wrong order leave a state that never was."""
    decoder = live()
    decoder(frame(pt=PT + 2, mc=[{"id": "1.1", "rc": [back(1, 2.2)]}]))
    with pytest.raises(Malformed, match="sequence: published 1 ms before"):
        decoder(frame(pt=PT + 1, mc=[{"id": "1.1", "rc": [back(1, 2.1)]}]))
    assert quotes(decoder(frame(pt=PT + 2, mc=[{"id": "1.1", "rc": [back(1, 2.3)]}]))) == [("1.1", 2.3, "open")]


def test_each_connection_and_each_session_has_its_own_forward() -> None:
    """Servers' clocks differ; what was recorded is taken as it is."""
    decoder = live()
    decoder(frame(pt=PT + 9, mc=[]))
    assert decoder(frame(pt=PT + 1, mc=[], meta={"shard": "1"})) == []
    decoder(Frame("bf", "opened", PT * 1000, meta={"resumed": "conflated"}))
    assert decoder(frame(pt=PT + 1, mc=[])) == []
    old = recorded()
    old(frame(pt=PT + 9, mc=[]))
    assert old(frame(pt=PT + 1, mc=[])) == []
