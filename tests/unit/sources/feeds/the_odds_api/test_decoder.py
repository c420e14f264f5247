"""Answers to updates."""

import json
import random
from pathlib import Path

import pytest

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Decoded, Frame, Gap, Quote, Scope
from ingestd.sources.feeds.the_odds_api.decoder import OddsDecoder, record_time

RECORDED = Path(__file__).resolve().parents[4] / "recorded" / "the_odds_api"


def answer(*prices: float, market: str = "h2h", point: float | None = None) -> bytes:
    """One market of one bookmaker."""
    outcomes = [{"name": str(number), "price": price, "point": point} for number, price in enumerate(prices)]
    book = {"key": "one", "title": "One", "markets": [{"key": market, "outcomes": outcomes}]}
    return json.dumps([{"id": "e", "sport_key": "soccer_epl", "bookmakers": [book]}]).encode()


def decode(payload: bytes, **meta: str) -> list[Decoded]:
    """Of a frame with this meta."""
    return list(OddsDecoder("s")(Frame("s", "data", 0, payload, meta=meta)))


def quotes(payload: bytes, **meta: str) -> list[Quote]:
    """The prices among it."""
    return [update for update in decode(payload, **meta) if isinstance(update, Quote)]


def test_the_request_says_how_prices_are_written() -> None:
    """Where it is known; else the prices do."""
    url = "http://x/v4/sports/s/odds?oddsFormat="
    assert [quote.price for quote in quotes(answer(250, 101), url=url + "decimal")] == [250.0, 101.0]
    assert [quote.price for quote in quotes(answer(250, 100), url=url + "american")] == [3.5, 2.0]
    assert [quote.price for quote in quotes(answer(250, 100))] == [3.5, 2.0]


def test_a_line_is_identity_only_beside_others() -> None:
    """A main line moves."""
    main = {quotes(answer(2.0, market="spreads", point=point))[0].selection.id for point in (-1.5, 2.0, -0.0)}
    ladder = {quotes(answer(2.0, market="alternate_spreads", point=point))[0].selection.id for point in (-1.5, 2.0, -0.0, 0.0)}
    assert (len(main), len(ladder)) == (1, 3)


def test_an_answer_of_a_query_is_complete() -> None:
    """Also an empty one, and that of an event that is gone; a gone event in a file is an error."""
    gone = b'{"message":"","error_code":"EVENT_NOT_FOUND"}'
    for payload in (b"[]", gone):
        assert decode(payload, key="odds/s") == [Complete(Scope("query", "odds/s"), frozenset())]
    assert decode(b"[]") == []
    with pytest.raises(Malformed):
        decode(gone)


def test_what_cannot_be_read_is_a_gap_of_its_query() -> None:
    """Of everything, where no query is known."""
    decoder = OddsDecoder("s")
    assert list(decoder.broken("html", Frame("s", "data", 0, meta={"key": "odds/s"}))) == [Gap(Scope("query", "odds/s"), "html")]
    assert list(decoder.broken("journal_lost")) == [Gap(WHOLE, "journal_lost")]
    assert list(decoder(Frame("s", "opened", 0))) == []


def test_nothing_but_malformed_comes_of_broken_bytes() -> None:
    """Whatever is cut, changed or put together."""
    chance = random.Random(1)
    payloads = [path.read_bytes() for path in sorted(RECORDED.rglob("*.json"))]
    pieces = [b"null", b"1e999", b"NaN", b'"\\ud800"', b"-0.0", b"[]", b"{}", b"9" * 400, b"\xff", b"\x00", b"true", b'"1.5"']
    for _ in range(3_000):
        payload = bytearray(chance.choice(payloads))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(payload) + 1)
            payload[at : at + chance.randrange(6)] = chance.choice(pieces)
        record_time(bytes(payload))
        try:
            decode(bytes(payload), **chance.choice(({}, {"key": "odds/s"})))
        except Malformed:
            continue
