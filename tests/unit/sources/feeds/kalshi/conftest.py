"""Messages as Kalshi sends them, and a decoder that heard the start of a session."""

import json
from collections.abc import Sequence

import pytest

from ingestd.model import Complete, Decoded, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result, Skipped
from ingestd.sources.feeds.kalshi.decoder import ANSWER, KalshiDecoder

A, B = "KXTALE-1-A", "KXTALE-1-B"


def in_short(update: Decoded) -> str:  # noqa: C901, PLR0911 - one line a kind
    """An update on one line."""
    match update:
        case Quote(selection=chosen):
            price = "-" if update.price is None else f"{update.price:.4g}"
            return f"{chosen.outcome} {chosen.side} {price} {update.size or 0:g} {update.status} {update.result}".strip()
        case Fixture():
            return f"event {update.source_event_id} {update.name} {update.status}"
        case MarketStatus():
            return f"market {update.status}"
        case Complete():
            return f"complete {update.scope.kind} {len(update.listed)}"
        case Gap():
            return f"gap {update.scope.kind} {update.reason}"
        case Reject():
            return f"reject {update.category} {update.path}".strip()
        case Result():
            return f"winner {update.winner}"
        case Skipped():
            return f"{update.outcome} {update.reason}"


def message(kind: str, seq: int | None, msg: object, *, sid: int = 1, **more: object) -> bytes:
    """A message of the stream."""
    return json.dumps({"type": kind, "sid": sid, **({} if seq is None else {"seq": seq}), "msg": msg, **more}).encode()


def snapshot(seq: int, ticker: str, yes: object = None, no: object = None) -> bytes:
    """A book; a side that is None is left out."""
    sides = {name: side for name, side in (("yes_dollars_fp", yes), ("no_dollars_fp", no)) if side is not None}
    return message("orderbook_snapshot", seq, {"market_ticker": ticker, "market_id": "x", **sides})


def delta(seq: int, ticker: str, side: str, price: object, change: object, ts_ms: int = 1_700_000_000_000) -> bytes:
    """A change of one level."""
    told = {"market_ticker": ticker, "price_dollars": price, "delta_fp": change, "side": side, "ts_ms": ts_ms}
    return message("orderbook_delta", seq, told)


def trade(seq: int, ticker: str, price: str, count: str = "5.00") -> bytes:
    """A trade, on a subscription of its own."""
    return message(
        "trade", seq, {"market_ticker": ticker, "yes_price_dollars": price, "count_fp": count, "ts_ms": 1_700_000_000_000}, sid=2
    )


class Heard:
    """A decoder, and what it says of each payload in short."""

    def __init__(self, tickers: Sequence[str] | None) -> None:
        self.decoder = KalshiDecoder("k")
        self.updates: list[Decoded] = []
        meta = {"recorded": "1"} if tickers is None else {"tickers": json.dumps(list(tickers))}
        self.start = self._take(Frame("k", "opened", 0, epoch=True, meta=meta))

    def __call__(self, payload: bytes, *, at: int = 1, epoch: bool = False, **meta: str) -> list[str]:
        """What a message says."""
        return self._take(Frame("k", "data", at, payload, epoch=epoch, meta=meta))

    def answer(self, body: object, *, at: int = 1, asked: int = 1) -> list[str]:
        """What an answer of the web service says."""
        return self(json.dumps(body).encode(), at=at, content=ANSWER, asked=str(asked))

    def _take(self, frame: Frame) -> list[str]:
        self.updates = self.decoder(frame)
        return [in_short(update) for update in self.updates]


@pytest.fixture
def live() -> Heard:
    """A session that awaits the books of A and B."""
    return Heard([A, B])


@pytest.fixture
def recording() -> Heard:
    """A recorded file."""
    return Heard(None)
