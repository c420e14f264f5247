"""Names out of ``listMarketCatalogue`` answers, as they stand in the journal.

Source: Betfair API-NG, ``listMarketCatalogue``; the answer is a list (REST) or an object with ``result`` (JSON-RPC).
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from ingestd.errors import Malformed
from ingestd.model import Reject
from ingestd.sources.feeds.betfair.wire import UNREADABLE
from ingestd.sources.feeds.betfair.words import Names

CATALOGUE: Final = "catalogue"
"""``meta["content"]`` of a frame that holds such an answer."""


class _Runner(Struct, rename="camel"):
    selection_id: int
    runner_name: str = ""
    handicap: float = 0.0


class _Named(Struct, frozen=True):
    id: str = ""
    name: str = ""


class _Market(Struct, rename="camel"):
    market_id: str
    runners: list[_Runner] = []
    event_type: _Named = _Named()
    competition: _Named = _Named()
    event: _Named = _Named()


class _Answer(Struct):
    result: list[Raw]


_LIST = msgspec.json.Decoder(list[Raw])
_ANSWER = msgspec.json.Decoder(_Answer)
_MARKET = msgspec.json.Decoder(_Market)


def read_names(payload: bytes) -> tuple[dict[str, Names], list[Reject]]:
    """Names by market id, and the entries that could not be read. Raises Malformed where it is no such answer."""
    try:
        entries = _ANSWER.decode(payload).result if payload.lstrip().startswith(b"{") else _LIST.decode(payload)
    except UNREADABLE as error:
        raise Malformed("catalogue", str(error)[:200]) from error
    found: dict[str, Names] = {}
    rejects: list[Reject] = []
    for index, entry in enumerate(entries):
        try:
            market = _MARKET.decode(entry)
        except UNREADABLE as error:
            rejects.append(Reject(stage="decode", category="catalogue", reason=str(error)[:200], severity="warning", path=f"[{index}]"))
        else:
            found[market.market_id] = _names(market)
    return found, rejects


def _names(market: _Market) -> Names:
    return Names(
        event_id=market.event.id,
        event=market.event.name,
        sport=market.event_type.name,
        league=market.competition.name,
        runners={(runner.selection_id, runner.handicap): runner.runner_name for runner in market.runners},
    )
