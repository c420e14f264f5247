"""The shapes of the market channel's messages and of REST books, and how to read one that is partly wrong.

Source: Polymarket's documentation of the CLOB market channel. Three generations of ``price_change`` are read: a level at the top (2024),
``changes`` (2025), ``price_changes`` (since September 2025). Fields of no use here are not declared: they are skipped unread.
"""

from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from ingestd.errors import Malformed
from ingestd.sources.feeds.polymarket.words import Number

_T = TypeVar("_T")
UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""Everything msgspec raises over input that is wrong."""


class Level(Struct, gc=False):
    """A price level of a book: probability and shares."""

    price: Number
    size: Number


class LevelChange(Struct, gc=False):
    """A level's new total, of one asset; ``asset_id`` is empty in the generations that say it at the top."""

    price: Number
    size: Number
    side: str
    asset_id: str = ""
    hash: str | None = None
    best_bid: Number = None
    best_ask: Number = None


class _Head(Struct, kw_only=True):
    """What every message may carry beside its elements."""

    event_type: str = ""
    market: str = ""
    asset_id: str = ""
    timestamp: str | int | None = None
    hash: str | None = None
    price: Number = None
    size: Number = None
    side: str | None = None
    best_bid: Number = None
    best_ask: Number = None
    winning_asset_id: str | None = None


class Message(_Head, kw_only=True):
    """Any message of the channel, or a book as REST answers it (``event_type`` empty)."""

    bids: list[Level] | None = None
    asks: list[Level] | None = None
    changes: list[LevelChange] | None = None
    price_changes: list[LevelChange] | None = None


class _Loose(_Head, kw_only=True):
    bids: list[Raw] | None = None
    asks: list[Raw] | None = None
    changes: list[Raw] | None = None
    price_changes: list[Raw] | None = None


class Problem(Struct, frozen=True):
    """An element that cannot be read. ``market`` is ``""`` where even that cannot be told."""

    market: str
    path: str
    error: str


class Element(Struct):
    """A message of a frame, where it stands in it, and what of it cannot be read."""

    message: Message
    path: str
    problems: list[Problem] = []
    places: dict[str, list[int]] = {}
    """By the name of a list: where those of its elements stood that can be read, given that others cannot."""

    def path_in(self, name: str, index: int) -> str:
        """The path of the element of a list that is now at ``index``."""
        places = self.places.get(name)
        return f"{self.path}.{name}[{index if places is None else places[index]}]".lstrip(".")


class _Identity(Struct):
    market: str = ""


_FAST = msgspec.json.Decoder(list[Message] | Message)
_RAWS = msgspec.json.Decoder(list[Raw])
_MESSAGE = msgspec.json.Decoder(Message)
_LOOSE = msgspec.json.Decoder(_Loose)
_LEVEL = msgspec.json.Decoder(Level)
_CHANGE = msgspec.json.Decoder(LevelChange)
_IDENTITY = msgspec.json.Decoder(_Identity)


def read(payload: bytes) -> list[Element]:
    """The messages of a frame: one, or several in an array. Raises Malformed where nothing can be told apart."""
    try:
        found = _FAST.decode(payload)
    except UNREADABLE:
        return _read_loosely(payload)
    if isinstance(found, Message):
        return [Element(found, "")]
    if all(message.event_type for message in found):
        return [Element(message, f"[{index}]") for index, message in enumerate(found)]
    return _read_loosely(payload)


def first_line(error: Exception) -> str:
    """What is wrong, in one line."""
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:200]


def _read_loosely(payload: bytes) -> list[Element]:
    if payload.lstrip()[:1] != b"[":
        return [_element(payload, "")]
    try:
        raws = _RAWS.decode(payload)
    except UNREADABLE as error:
        raise Malformed("json", first_line(error)) from error
    found: list[Element] = []
    for index, raw in enumerate(raws):
        path = f"[{index}]"
        try:
            found.append(_element(bytes(raw), path))
        except Malformed as error:
            found.append(Element(Message(), path, [Problem(_market(raw), path, error.reason)]))
    return found


def _element(raw: bytes, path: str) -> Element:
    """One message; of a list within it, what is right. Raises Malformed where not even its head can be read."""
    try:
        return Element(_MESSAGE.decode(raw), path)
    except UNREADABLE:
        pass
    try:
        loose = _LOOSE.decode(raw)
    except UNREADABLE as error:
        raise Malformed("shape" if isinstance(error, msgspec.ValidationError) else "json", first_line(error)) from error
    found = Element(Message(), path)
    for name in _Head.__struct_fields__:
        setattr(found.message, name, getattr(loose, name))
    found.message.bids = _items(loose.bids, _LEVEL, "bids", found)
    found.message.asks = _items(loose.asks, _LEVEL, "asks", found)
    found.message.changes = _items(loose.changes, _CHANGE, "changes", found)
    found.message.price_changes = _items(loose.price_changes, _CHANGE, "price_changes", found)
    return found


def _items(raws: list[Raw] | None, decoder: msgspec.json.Decoder[_T], name: str, element: Element) -> list[_T] | None:
    if raws is None:
        return None
    found: list[_T] = []
    places: list[int] = []
    for index, raw in enumerate(raws):
        try:
            found.append(decoder.decode(raw))
            places.append(index)
        except UNREADABLE as error:
            element.problems.append(Problem(element.message.market, element.path_in(name, index), first_line(error)))
    element.places[name] = places
    return found


def _market(raw: Raw) -> str:
    try:
        return _IDENTITY.decode(raw).market
    except UNREADABLE:
        return ""
