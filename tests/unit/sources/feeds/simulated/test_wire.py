"""Bytes to messages, and the times in recordings."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.simulated.wire import Delta, Heartbeat, read, record_time


def test_a_message_is_told_by_its_op() -> None:
    """Fields that this version does not know are left alone."""
    assert read(b'{"op":"heartbeat","n":5,"extra":1}') == (Heartbeat(5), [])


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        (b"", "syntax"),
        (b"\xff", "syntax"),
        (b'{"op":"delta","n":', "syntax"),
        (b'{"op":"delta","n":1,"t":1,"market":"m","quotes":[[0,NaN,null,null,"open"]]}', "syntax"),
        (b'{"op":"heartbeat","n":1,"x":' + b"[" * 100_000, "syntax"),
        (b'{"op":"nonsense","n":1}', "shape"),
        (b'{"op":"heartbeat","n":-1}', "shape"),
        (b'{"op":"heartbeat","n":99999999999999999999}', "shape"),
        (b'{"op":"delta","n":1,"t":"late","market":"m","quotes":[]}', "shape"),
        (b'{"op":"status","n":1,"t":1,"market":"m","status":"asleep"}', "shape"),
    ],
)
def test_what_is_no_message_is_malformed(payload: bytes, category: str) -> None:
    """Told apart: no JSON, and JSON of another shape."""
    with pytest.raises(Malformed) as caught:
        read(payload)
    assert caught.value.category == category


def test_one_bad_price_leaves_its_neighbours() -> None:
    """The message is read again around it."""
    message, rejects = read(b'{"op":"delta","n":1,"t":1,"market":"m","quotes":[[0,"x",null,null,"open"],[1,2,null,null,"open"]]}')
    assert isinstance(message, Delta)
    assert [price.i for price in message.quotes] == [1]
    assert [(reject.path, reject.update) for reject in rejects] == [("quotes[0]", '[0,"x",null,null,"open"]')]


def test_a_bad_price_in_an_image_has_a_path() -> None:
    """Market and place in it."""
    _, rejects = read(
        b'{"op":"image","n":1,"t":1,"part":1,"parts":1,"bookmakers":[],"fixtures":[],"results":[],"markets":'
        b'[{"id":"m","event":"e","market":"total","period":"","status":"open","t":1,"quotes":[1]}]}'
    )
    assert [reject.path for reject in rejects] == ["markets[0].quotes[0]"]


@pytest.mark.parametrize(("payload", "time"), [(b'{"op":"delta","n":1,"t":17}', 17), (b'{"op":"heartbeat","n":1}', None), (b"{", None)])
def test_a_recording_is_dated_by_its_messages(payload: bytes, time: int | None) -> None:
    """Messages without a time, and what is no message, have none."""
    assert record_time(payload) == time
