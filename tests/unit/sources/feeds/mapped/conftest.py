"""A small mapping, and what it makes of documents."""

from typing import Any

import msgspec

from ingestd.model import Decoded, Frame
from ingestd.sources.feeds.mapped.decoder import MappedDecoder
from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.mapping import Mapping
from ingestd.sources.feeds.mapped.program import compiled

Tree = dict[str, Any]  # type: ignore[explicit-any]  # YAML is what it is


def small(**over: object) -> Tree:
    """Events with markets with prices; ``over`` replaces what is beside the levels."""
    return {
        "shared": {"bookmaker": {"const": "Book"}},
        "walk": [
            {
                "each": "doc.events",
                "as": "event",
                "shared": {"event": "event.id"},
                "fixture": {"sport": {"const": "tennis"}, "name": "event.name"},
                "walk": [
                    {
                        "each": "event.markets",
                        "as": "market",
                        "shared": {"market_id": "market.id", "market": {"const": "match_odds"}},
                        "walk": [
                            {
                                "each": "market.prices",
                                "as": "price",
                                "quotes": [{"key": ["market.id", "price.name"], "outcome": "price.name", "price": "price.odds"}],
                            }
                        ],
                    }
                ],
            }
        ],
        **over,
    }


def event(number: int, *prices: Tree) -> Tree:
    """An event of one market."""
    return {"id": number, "name": f"E{number}", "markets": [{"id": f"m{number}", "prices": list(prices)}]}


def price(name: str, odds: object) -> Tree:
    """A price."""
    return {"name": name, "odds": odds}


def decoder_of(mapping: Tree) -> MappedDecoder:
    """A decoder by a mapping."""
    found = Mapping.model_validate(mapping)
    return MappedDecoder(compiled(found, "src"), reader(found.format, Dialect(found.delimiter, found.encoding)))


def decoded(mapping: Tree, document: object, **meta: str) -> list[Decoded]:
    """What a mapping makes of a document."""
    payload = document if isinstance(document, bytes) else msgspec.json.encode(document)
    return list(decoder_of(mapping)(Frame("src", "data", 1, payload, meta=meta)))
