"""The shapes of Betfair's stream messages, and how to read one that is partly wrong.

Source: Betfair's stream API specification and its Swagger schema (``ESASwaggerSchema.json``). Fields this feed has no use for are not
declared: they are skipped unread, which is also why ``spn: "NaN"`` does no harm.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from ingestd.errors import Malformed

Size = Annotated[float, Meta(ge=0)]
Level = Annotated[int, Meta(ge=0, le=1000)]
PriceChanges = list[tuple[float, Size]]
LevelChanges = list[tuple[Level, float, Size]]


class RunnerChange(Struct, gc=False):
    """What changed at one runner; None: nothing said. ``hc`` is part of the key, absent means 0."""

    id: int
    hc: float = 0.0
    atb: PriceChanges | None = None
    atl: PriceChanges | None = None
    batb: LevelChanges | None = None
    batl: LevelChanges | None = None
    bdatb: LevelChanges | None = None
    bdatl: LevelChanges | None = None
    trd: PriceChanges | None = None
    spb: PriceChanges | None = None
    spl: PriceChanges | None = None
    ltp: float | None = None


class RunnerDefinition(Struct, frozen=True):
    """A runner in a definition. ``name`` is there in history files only."""

    id: int
    hc: float = 0.0
    status: str = "ACTIVE"
    name: str = ""


class Definition(Struct, frozen=True, rename="camel"):
    """A market, always told whole. ``name`` and ``event_name`` are there in history files only."""

    event_id: str = ""
    event_type_id: str = ""
    market_type: str = ""
    betting_type: str = "ODDS"
    market_time: datetime | None = None
    in_play: bool = False
    status: str = ""
    version: int = 0
    name: str = ""
    event_name: str = ""
    runners: list[RunnerDefinition] = []


class MarketChange(Struct, gc=False):
    """What changed in one market; ``img``: all of it."""

    id: str
    definition: Definition | None = msgspec.field(name="marketDefinition", default=None)
    rc: list[RunnerChange] | None = None
    img: bool | None = None


class Envelope(Struct, kw_only=True):
    """A message without its content. ``pt``: publishing time, milliseconds UTC."""

    op: str
    ct: str | None = None
    segment: str | None = msgspec.field(name="segmentType", default=None)
    pt: int | None = None


class Message(Envelope, kw_only=True):
    """A message of the market stream (``op`` mcm); other operations carry nothing a decoder needs."""

    mc: list[MarketChange] | None = None


class Problem(Struct, frozen=True):
    """An element that cannot be read. ``market`` is ``""`` where even its id cannot."""

    market: str
    path: str
    error: str


class _LooseMessage(Envelope, kw_only=True):
    mc: list[Raw] | None = None


class _LooseChange(Struct):
    id: str
    definition: Raw = msgspec.field(name="marketDefinition", default=Raw(b"null"))
    rc: list[Raw] | None = None
    img: bool | None = None


class _Elements(Struct):
    rc: list[Raw] | None = None


class _Identity(Struct):
    id: str


_MESSAGE = msgspec.json.Decoder(Message)
_LOOSE_MESSAGE = msgspec.json.Decoder(_LooseMessage)
_CHANGE = msgspec.json.Decoder(MarketChange)
_LOOSE_CHANGE = msgspec.json.Decoder(_LooseChange)
_ELEMENTS = msgspec.json.Decoder(_Elements)
_IDENTITY = msgspec.json.Decoder(_Identity)
_DEFINITION = msgspec.json.Decoder(Definition | None)
_RUNNER = msgspec.json.Decoder(RunnerChange)

UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""Everything msgspec raises over input that is wrong."""


class Counts(Struct):
    """Elements of one message, the unreadable ones included."""

    mc: int = 0
    rc: int = 0


def read(payload: bytes) -> tuple[Message, Counts, list[Problem]]:
    """A message, how many elements it holds, and which of them cannot be read. Raises Malformed where nothing can be told apart."""
    try:
        message = _MESSAGE.decode(payload)
    except UNREADABLE:
        return _read_loosely(payload)
    mc = message.mc
    if not mc:
        return message, Counts(), []
    return message, Counts(len(mc), sum(len(change.rc) for change in mc if change.rc)), []


def _read_loosely(payload: bytes) -> tuple[Message, Counts, list[Problem]]:
    try:
        loose = _LOOSE_MESSAGE.decode(payload)
    except UNREADABLE as error:
        raise Malformed("json" if not isinstance(error, msgspec.ValidationError) else "shape", _first_line(error)) from error
    counts = Counts(len(loose.mc or ()))
    problems: list[Problem] = []
    changes: list[MarketChange] = []
    for index, raw in enumerate(loose.mc or ()):
        counts.rc += _count_runners(raw)
        try:
            changes.append(_CHANGE.decode(raw))
        except UNREADABLE as error:
            changes.extend(_read_change(raw, f"mc[{index}]", _first_line(error), problems))
    return Message(op=loose.op, ct=loose.ct, segment=loose.segment, pt=loose.pt, mc=changes), counts, problems


def _read_change(raw: Raw, path: str, reason: str, problems: list[Problem]) -> list[MarketChange]:
    """What of a market change can be read: its definition, and each runner that is right; nothing without its id."""
    try:
        loose = _LOOSE_CHANGE.decode(raw)
    except UNREADABLE:
        problems.append(Problem(_identity(raw), path, reason))
        return []
    change = MarketChange(loose.id, None, [], loose.img)
    try:
        change.definition = _DEFINITION.decode(loose.definition)
    except UNREADABLE as error:
        problems.append(Problem(loose.id, f"{path}.marketDefinition", _first_line(error)))
    readable: list[RunnerChange] = []
    for index, runner in enumerate(loose.rc or ()):
        try:
            readable.append(_RUNNER.decode(runner))
        except UNREADABLE as error:
            problems.append(Problem(loose.id, f"{path}.rc[{index}]", _first_line(error)))
    change.rc = readable
    return [change]


def _identity(raw: Raw) -> str:
    try:
        return _IDENTITY.decode(raw).id
    except UNREADABLE:
        return ""


def _count_runners(raw: Raw) -> int:
    try:
        return len(_ELEMENTS.decode(raw).rc or ())
    except UNREADABLE:
        return 0


def _first_line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:200]
