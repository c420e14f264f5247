"""One connection: what its envelopes tell, and what is handed on."""

import json

import pytest

from ingestd.errors import Disconnected, Throttled
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.shard import Shard, markets_defined, peek
from ingestd.sources.transports.lines import Line, Lines

OPTIONS = BetfairOptions.model_validate({"app_key": "key", "session_token": "token", "market_ids": ("1.1",)})


class Script(Lines):
    """A server that was recorded: it answers each read with the next lines, whatever it is asked."""

    def __init__(self, *reads: list[Line]) -> None:
        self.reads = list(reads)
        self.sent: list[dict[str, object]] = []

    async def read(self) -> list[Line]:
        """The next lines."""
        return self.reads.pop(0)

    async def send(self, line: bytes) -> None:
        """Keep it."""
        self.sent.append(json.loads(line))


SUCCESS = [b'{"op":"status","id":%d,"statusCode":"SUCCESS","connectionClosed":false}' % number for number in range(9)]


def line(**message: object) -> bytes:
    """A message of subscription 1."""
    return json.dumps({"op": "mcm", "id": 1, "pt": 1} | message).encode()


async def subscribed(*more: Line) -> Shard:
    """After a fresh subscription, with the lines that came with its status."""
    shard = Shard(Script([SUCCESS[1], *more]), {"marketIds": ["1.1"]}, OPTIONS, {})
    await shard.subscribe(None)
    return shard


async def test_the_handshake() -> None:
    """Greeting, authentication, subscription: each waits for its own status, and keeps what came with it."""
    script = Script([b'{"op":"connection","connectionId":"c-1"}'], [SUCCESS[1]], [SUCCESS[2], line(id=2, ct="SUB_IMAGE")])
    shard = Shard(script, {"marketIds": ["1.1"]}, OPTIONS, {})
    await shard.greet()
    await shard.authenticate("token")
    await shard.subscribe(("i", "c"))
    assert (shard.connection_id, shard.early, shard.clocks) == ("c-1", [line(id=2, ct="SUB_IMAGE")], ("i", "c"))
    assert script.sent[0] == {"op": "authentication", "id": 1, "appKey": "key", "session": "token"}
    assert script.sent[1] == {
        "op": "marketSubscription",
        "id": 2,
        "marketFilter": {"marketIds": ["1.1"]},
        "marketDataFilter": {"fields": ["EX_BEST_OFFERS", "EX_LTP", "EX_MARKET_DEF"], "ladderLevels": 3},
        "segmentationEnabled": True,
        "heartbeatMs": 5000,
        "conflateMs": 0,
        "initialClk": "i",
        "clk": "c",
    }


async def test_a_server_that_is_full_says_so_first() -> None:
    """Before any greeting."""
    shard = Shard(Script([b'{"op":"status","statusCode":"FAILURE","errorCode":"MAX_CONNECTION_LIMIT_EXCEEDED"}']), {}, OPTIONS, {})
    with pytest.raises(Throttled):
        await shard.greet()


async def test_clocks_move_at_whole_messages_and_last_segments() -> None:
    """Heartbeats included; the initial clock stays until another comes; an image has none until its end."""
    shard = await subscribed()
    told = []
    for message in (
        line(ct="SUB_IMAGE", segmentType="SEG_START", clk="no"),
        line(segmentType="SEG", clk="no"),
        line(segmentType="SEG_END", initialClk="i", clk="1"),
        line(clk="2"),
        line(ct="HEARTBEAT", clk="3"),
        line(status=503),
        line(clk=None),
        line(ct="SUB_IMAGE", segmentType="SEG_START"),
    ):
        taken, begins = shard.take(message)
        told.append((taken, begins, shard.clocks))
    first, last = (True, True, None), (True, True, None)
    middle = [(True, False, clocks) for clocks in (None, ("i", "1"), ("i", "2"), ("i", "3"), ("i", "3"), ("i", "3"))]
    assert told == [first, *middle, last]


async def test_nothing_of_an_old_subscription_counts() -> None:
    """Not by its id, and, until the new image begins, not without one; asking again meanwhile asks for nothing."""
    shard = await subscribed()
    shard.take(line(ct="SUB_IMAGE", initialClk="i", clk="1"))
    request = json.loads(shard.renewal(60.0))
    assert (request["op"], request["id"], "clk" in request, shard.clocks) == ("marketSubscription", 2, False, None)
    assert shard.renewal(60.0) == b""
    dropped = [shard.take(message) for message in (line(clk="2"), b'{"op":"mcm","clk":"2"}', line(id=2, ct="HEARTBEAT", clk="2"))]
    assert (dropped, shard.clocks) == ([(False, False)] * 3, None)
    assert shard.take(line(id=2, ct="SUB_IMAGE", initialClk="j", clk="9")) == (True, True)
    assert (shard.clocks, shard.image_due) == (("j", "9"), None)
    assert (shard.take(line(id=1, clk="late")), shard.clocks) == ((False, False), ("j", "9"))
    assert json.loads(shard.renewal(60.0))["id"] == 3


async def test_statuses_are_not_content() -> None:
    """Successes pass, failures end the session, and what no one can read is handed on."""
    shard = await subscribed()
    assert shard.take(SUCCESS[5]) == (False, False)
    assert shard.take(b"garbage") == (True, False)
    with pytest.raises(Disconnected):
        shard.take(b'{"op":"status","statusCode":"FAILURE","errorCode":"TIMEOUT","connectionClosed":true}')
    with pytest.raises(Disconnected, match="protocol"):
        shard.take(b'{"op":"dance"}')


def test_the_envelope_alone() -> None:
    """Whatever the content is; none where there is none."""
    found = peek(b'{"op":"mcm","clk":"1","mc":"nonsense"}')
    assert found is not None
    assert (found.op, found.clk) == ("mcm", "1")
    assert [peek(one) for one in (b"", b"[]", b'{"op":5}', b"[" * 100_000)] == [None, None, None, None]


def test_markets_are_seen_by_their_definitions() -> None:
    """Names are wanted for those."""
    definition = {"eventId": "9"}
    assert markets_defined(
        line(mc=[{"id": "1.1", "marketDefinition": definition}, {"id": "1.2"}, {"id": "1.3", "marketDefinition": definition}])
    ) == [
        "1.1",
        "1.3",
    ]
    assert markets_defined(line(mc=[{"id": "1.1"}])) == []
    assert markets_defined(b'"marketDefinition" garbage') == []


def test_a_market_asked_for_by_name_is_held() -> None:
    """So that its connection alone is renewed."""
    named, filtered = Shard(Script(), {"marketIds": ["1.1"]}, OPTIONS, {}), Shard(Script(), {"eventTypeIds": ["1"]}, OPTIONS, {})
    assert (named.holds("1.1"), named.holds("1.2"), filtered.holds("1.1")) == (True, False, False)
