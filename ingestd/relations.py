"""What the loader asks the store before it links fixtures, and the answer: links, a person's decisions, whose word counts first."""

from msgspec import Struct, field

from ingestd.batch import LinkRow


class AliasRow(Struct, frozen=True):
    """What a person decided: an event (``stands_for`` its id, ``state``, ``flipped``), or the ``name`` that another word stands for."""

    kind: str
    source: str
    sport: str
    alias: str
    stands_for: int
    state: str
    flipped: bool
    score: float
    name: str = ""


class Wanted(Struct, frozen=True):
    """What is asked of the store before fixtures are linked: what changed since ``revision``, these links, all that start in these spans.

    ``keys``: (source, source_event_id). ``spans``: (from, to), UTC µs, the second not included; ``held``: the span of all that is held.
    """

    revision: int
    keys: frozenset[tuple[str, str]] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()
    held: tuple[int, int] = (0, 0)


class Known(Struct, frozen=True):
    """The answer: the store's revision, links as they are now, and, where the revision moved, all aliases and the precedence of sources."""

    revision: int
    links: list[LinkRow] = field(default_factory=list)
    aliases: list[AliasRow] | None = None
    places: dict[str, int] = field(default_factory=dict)
