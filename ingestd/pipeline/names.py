"""What teams, leagues and bookmakers are called here: as a person decided, else as the shipped lists say, else as they are told."""

from collections.abc import Iterable
from typing import Final

from ingestd.batch import Batch, NamedRow
from ingestd.model import BookmakerKind, hash64
from ingestd.pipeline.matching import canonical_bookmaker, canonical_league, canonical_sport, canonical_team
from ingestd.relations import AliasRow

ANY: Final = ""
"""The sport of what has none: a bookmaker, an event."""


class Names:
    """A person's aliases, by kind, source, sport and word; over the shipped lists."""

    def __init__(self) -> None:
        self._aliases: dict[tuple[str, str, str, str], AliasRow] = {}

    def learn(self, aliases: Iterable[AliasRow]) -> None:
        """These are all there are."""
        self._aliases = {(row.kind, row.source, row.sport, row.alias): row for row in aliases}

    def event(self, source: str, source_event_id: str) -> AliasRow | None:
        """What a person decided of a source's own event."""
        return self._aliases.get(("event", source, ANY, source_event_id))

    def team(self, source: str, sport: str, name: str) -> str:
        """A team or a player, whose ``sport`` is canonical."""
        decided = self._aliases.get(("team", source, sport, name))
        return decided.name if decided else canonical_team(sport, name)

    def league(self, source: str, sport: str, name: str) -> str:
        """A league, whose ``sport`` is canonical."""
        decided = self._aliases.get(("league", source, sport, name))
        return decided.name if decided else canonical_league(sport, name)

    def bookmaker(self, source: str, name: str) -> str:
        """Whoever offers a price."""
        decided = self._aliases.get(("bookmaker", source, ANY, name))
        return decided.name if decided else canonical_bookmaker(name)

    def decided(self, kind: str, source: str, sport: str, name: str) -> str:
        """The word as it goes into matching: what a person said that it stands for, else the word itself."""
        row = self._aliases.get((kind, source, sport, name))
        return row.name if row else name


def sport_of(word: str) -> str:
    """A sport as it is called here; none is none."""
    return canonical_sport(word) if word else ""


def name_id(kind: str, sport: str, name: str) -> int | None:
    """The id of a team or a league by its name here; None where there is no name."""
    return hash64(kind, sport, name) if name else None


def put_bookmaker(name: str, kind: BookmakerKind, batch: Batch) -> int:
    """The id of a bookmaker by its name here; its row goes into the batch."""
    key = hash64("bookmaker", name)
    batch.bookmakers[key] = NamedRow(id=key, name=name, kind=kind)
    return key
