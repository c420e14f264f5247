"""The terms in which a client and the emulated stream deal: subscriptions, clocks, and what was delivered."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ingestd.testing.betfair_world import Json, World
from ingestd.testing.faults import Faults

_EXCHANGE: Final = ("BEST_OFFERS_DISP", "BEST_OFFERS", "ALL_OFFERS", "TRADED", "TRADED_VOL", "LTP", "MARKET_DEF")
FIELDS: Final = frozenset((*(f"EX_{name}" for name in _EXCHANGE), "SP_TRADED", "SP_PROJECTED"))
CLOSING: Final = frozenset(
    (
        "NO_APP_KEY",
        "INVALID_APP_KEY",
        "NO_SESSION",
        "INVALID_SESSION_INFORMATION",
        "NOT_AUTHORIZED",
        "INVALID_INPUT",
        "INVALID_REQUEST",
        "INVALID_CLOCK",
        "TIMEOUT",
        "MAX_CONNECTION_LIMIT_EXCEEDED",
        "TOO_MANY_REQUESTS",
        "CONNECTION_FAILED",
        "UNEXPECTED_ERROR",
    )
)
"""Codes that close the connection: all but SUBSCRIPTION_LIMIT_EXCEEDED."""


@dataclass(frozen=True)
class Delivery:
    """A message with content that was written whole: ``steps`` it tells, one by one or, if ``merged``, only their outcome."""

    connection: str
    kind: str
    pt: int
    seq: int
    markets: tuple[str, ...]
    steps: tuple[int, ...] = ()
    images: tuple[str, ...] = ()
    fingerprint: str = ""
    """Of the subscription: the same one when it is resumed."""
    after: int | None = None
    """The step that a resuming client said it had last."""

    @property
    def merged(self) -> bool:
        """Whether states in between were left out."""
        return len(self.steps) > 1


@dataclass
class Subscription:
    """What a client wants, and how far it has been told."""

    id: int
    fingerprint: str
    market_ids: list[str] | None
    fields: Sequence[str]
    segmented: bool
    heartbeat: float
    conflate_ms: int
    seq: int = 0
    initial: str = ""
    known: set[str] = field(default_factory=set)

    def wants(self, market_id: str) -> bool:
        """Whether a market is in the filter."""
        return self.market_ids is None or market_id in self.market_ids


def read_subscription(request: dict[str, Json]) -> Subscription | None:
    """What a client asks for; None where it is out of bounds."""
    market_filter, data = request.get("marketFilter"), request.get("marketDataFilter")
    heartbeat, conflate, number = request.get("heartbeatMs", 5000), request.get("conflateMs", 0), request.get("id")
    if not isinstance(market_filter, dict) or not isinstance(data, dict) or not isinstance(number, int):
        return None
    fields, ids, levels = data.get("fields"), market_filter.get("marketIds"), data.get("ladderLevels", 3)
    if not isinstance(fields, list) or not (isinstance(heartbeat, int) and isinstance(conflate, int) and isinstance(levels, int)):
        return None
    bounded = 500 <= heartbeat <= 5000 and 0 <= conflate <= 120_000 and 1 <= levels <= 10  # noqa: PLR2004 - the protocol's own
    if not bounded or not FIELDS.issuperset(map(str, fields)):
        return None
    same = {name: request.get(name) for name in ("marketFilter", "marketDataFilter", "heartbeatMs", "conflateMs", "segmentationEnabled")}
    return Subscription(
        id=number,
        fingerprint=hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16],
        market_ids=[str(market_id) for market_id in ids] if isinstance(ids, list) else None,
        fields=[str(name) for name in fields],
        segmented=bool(request.get("segmentationEnabled")),
        heartbeat=heartbeat / 1000,
        conflate_ms=conflate,
    )


def write_clock(seq: int) -> str:
    """The ``clk`` after a step."""
    return base64.b64encode(seq.to_bytes(6)).decode()


def read_clock(clk: str) -> int | None:
    """The step that a ``clk`` stands for; None where it is none of ours."""
    try:
        return int.from_bytes(base64.b64decode(clk, validate=True))
    except ValueError:
        return None


class Exchange(Protocol):
    """The emulator, as its connections and its web services see it."""

    world: World
    faults: Faults
    host: str
    app_key: str
    sessions: set[str]
    deliveries: list[Delivery]
    idle_limit: float
    connection_limit: int
    market_limit: int
    segment_markets: int
    split_writes: bool
    resume_images: set[str]

    def connections(self) -> int:
        """How many are open."""

    def next_failure(self, operation: str) -> str | None:
        """What a request is to be answered with, if it is to fail."""

    def initial_clock(self, fingerprint: str) -> str:
        """The ``initialClk`` of a subscription that begins now."""
