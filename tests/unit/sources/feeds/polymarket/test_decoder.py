"""Frames of all kinds: Gamma's answers, our own subscriptions, REST books, and what follows from a missing one."""

import msgspec
import pytest

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Fixture, Frame, Gap, Quote, Result, Scope, Skipped
from ingestd.sources.feeds.polymarket.decoder import BOOK, GAMMA, SUBSCRIPTION, PolymarketDecoder
from tests.unit.sources.feeds.polymarket.conftest import MARKET, NO, YES, Talk, book, change, prices

THIS = Scope("market", MARKET)


def subscription(operation: str, *assets: str) -> bytes:
    """What we sent."""
    return msgspec.json.encode({"operation": operation, "assets_ids": assets})


def test_of_what_is_not_subscribed_nothing_is_told() -> None:
    """It is remembered, and told once it is."""
    talk = Talk()
    other = {"conditionId": "0xb2", "clobTokenIds": '["81","82"]', "outcomes": '["Over","Under"]'}
    page = msgspec.json.encode([{"id": "10", "title": "Another", "markets": [other]}])
    assert talk.frame(page, content=GAMMA) == []
    out = talk.frame(subscription("subscribe", "81", "82"), content=SUBSCRIPTION)
    assert [one.name for one in out if isinstance(one, Fixture)] == ["Another"]


def test_names_may_come_after_prices() -> None:
    """An event by its market's id at first; the same selections under its own later."""
    talk = Talk(listed=False)
    first = [one.selection for one in talk.images() if isinstance(one, Quote)]
    later = [one.selection for one in talk.gamma() if isinstance(one, Quote)]
    assert {one.source_event_id for one in first} == {MARKET}
    assert {one.source_event_id for one in later} == {"9"}
    assert {one.id for one in first} == {one.id for one in later}


def test_a_market_that_comes_and_goes() -> None:
    """Subscribed in mid-stream it is complete with its own books; no longer subscribed it is withdrawn."""
    talk = Talk()
    talk.images()
    talk.frame(subscription("subscribe", "81"), content=SUBSCRIPTION)
    out = talk.say(book("81", {".5": "1"}, {}, 10, market="0xb2"))
    assert [one.scope for one in out if isinstance(one, Complete)] == [Scope("market", "0xb2")]
    gone = talk.frame(subscription("unsubscribe", YES, NO), content=SUBSCRIPTION)
    assert {status for *_, status in prices(gone)} == {"withdrawn"}
    assert [type(one) for one in talk.say(change(YES, "BUY", ".4", "1", 20))] == [Skipped]


def test_what_is_lost_from_the_list_is_settled() -> None:
    """Though nobody subscribed to it in this epoch: another one may have."""
    talk = Talk(listed=False)
    out = talk.gamma(lost="1", closed=True, outcomePrices='["0","1"]')
    assert {status for *_, status in prices(out)} == {"settled"}
    talk = Talk()
    talk.images()
    out = talk.gamma(lost="1", closed=True, outcomePrices='["1","0"]')
    assert [one.winner for one in out if isinstance(one, Result)] == ["Northtown"]


def test_nothing_subscribed_is_known_whole_at_once() -> None:
    """An empty list is a list."""
    decoder = PolymarketDecoder("pm")
    decoder(Frame("pm", "opened", 0, epoch=True))
    out = decoder(Frame("pm", "data", 0, msgspec.json.encode({"assets_ids": []}), meta={"content": SUBSCRIPTION}))
    assert out == [Complete(WHOLE, frozenset())]


def test_books_by_rest() -> None:
    """As an image like any other; where there is none, an empty one."""
    talk = Talk()
    said = book(YES, {".48": "100"}, {".52": "90"}, 0)
    del said["event_type"]
    assert len(prices(talk.frame(msgspec.json.encode(said), content=BOOK, market=MARKET, asset=YES, status="200"))) == 2
    out = talk.frame(b'{"error":"No orderbook"}', content=BOOK, market=MARKET, asset=NO, status="404")
    assert [one.scope for one in out if isinstance(one, Complete)] == [WHOLE]


def test_what_follows_from_a_missing_frame() -> None:
    """Of Gamma's nothing, of a REST book its market, of any other everything, and nothing more is believed until an epoch begins."""
    talk = Talk()
    talk.images()
    decoder = talk.decoder
    assert decoder.broken("malformed", Frame("pm", "data", 0, meta={"content": GAMMA})) == []
    assert decoder.broken("malformed", Frame("pm", "data", 0, meta={"content": BOOK, "market": MARKET})) == [Gap(THIS, "malformed")]
    assert decoder.broken("journal_lost") == [Gap(WHOLE, "journal_lost")]
    assert [type(one) for one in talk.say(change(YES, "BUY", ".4", "1", 20))] == [Skipped]
    talk.frame(subscription("subscribe", "81"), content=SUBSCRIPTION)
    assert [one for one in talk.say(book("81", {".5": "1"}, {}, 10, market="0xb2")) if isinstance(one, Complete)] == []


def test_a_recording_goes_on() -> None:
    """With what it has; a gap says that something is missing, a book that it no longer is."""
    decoder = PolymarketDecoder("pm")
    decoder(Frame("pm", "opened", 0, epoch=True, meta={"recorded": "1"}))
    decoder(Frame("pm", "data", 0, msgspec.json.encode(book(YES, {".48": "1"}, {".52": "2"}, 0))))
    assert decoder.broken("malformed") == [Gap(THIS, "malformed")]
    assert decoder.broken("malformed") == []
    assert len(prices(decoder(Frame("pm", "data", 0, msgspec.json.encode(change(YES, "BUY", ".49", "5", 10)))))) == 1
    out = decoder(Frame("pm", "data", 0, msgspec.json.encode(book(YES, {".48": "1"}, {".52": "2"}, 20))))
    assert [one.scope for one in out if isinstance(one, Complete)] == [THIS]


@pytest.mark.parametrize("content", ["", GAMMA, SUBSCRIPTION, BOOK])
def test_frames_that_are_none(content: str) -> None:
    """Malformed, whatever they claim to be."""
    talk = Talk()
    with pytest.raises(Malformed):
        talk.frame(b'{"garbage": [', content=content, market=MARKET, asset=YES, status="200")
