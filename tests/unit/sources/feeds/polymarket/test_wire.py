"""What a frame holds, and what of it cannot be read."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.polymarket.wire import read


def test_one_or_several() -> None:
    """An object, an array of them, an empty one."""
    one = b'{"event_type":"book","market":"m"}'
    assert [element.path for element in read(one)] == [""]
    assert [element.path for element in read(b"[" + one + b"," + one + b"]")] == ["[0]", "[1]"]
    assert read(b"[]") == []


def test_numbers_and_text_alike() -> None:
    """Prices and times may be either."""
    (element,) = read(b'{"event_type":"book","bids":[{"price":".48","size":5}],"timestamp":17}')
    assert element.message.bids is not None
    assert (element.message.bids[0].price, element.message.bids[0].size, element.message.timestamp) == (".48", 5, 17)


def test_broken_elements_leave_their_neighbours() -> None:
    """Each with its path, and those that are left keep theirs."""
    (element,) = read(b'{"market":"m","bids":[7,{"price":"1","size":"1"}],"asks":null,"price_changes":[{"price":[]}]}')
    assert [(problem.market, problem.path) for problem in element.problems] == [("m", "bids[0]"), ("m", "price_changes[0]")]
    assert element.path_in("bids", 0) == "bids[1]"
    assert (element.message.asks, element.message.price_changes) == (None, [])


def test_a_broken_message_leaves_its_neighbours() -> None:
    """With the market it is about, where that can be told."""
    found = read(b'[{"event_type":"book","market":"m"},{"event_type":7,"market":"x"},8,{"event_type":"book","bids":[1]}]')
    assert [(element.path, [(problem.market, problem.path) for problem in element.problems]) for element in found] == [
        ("[0]", []),
        ("[1]", [("x", "[1]")]),
        ("[2]", [("", "[2]")]),
        ("[3]", [("", "[3].bids[0]")]),
    ]


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"PONG",
        b"{",
        b'"x"',
        b"7",
        DEEP,
        b'{"bids":' + DEEP,
        b"\xff\xfe",
        b'{"event_type":7}',
        b"[1",
        b"1e999",
        b'{"event_type":"\\ud800"}',
    ],
)
def test_what_is_no_message(payload: bytes) -> None:
    """Malformed, whatever it is."""
    with pytest.raises(Malformed):
        read(payload)
