"""Records of quarantine that are tried again: which frames are to be heard, and what became of each. Pure and synchronous."""

import ast
from collections import Counter, deque
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from ingestd.batch import OF_SELECTION, Batch, Refusal, RejectRow, journal_place
from ingestd.model import Frame
from ingestd.pipeline.rejects import record_id
from ingestd.retelling import Record

NEAR: Final = 10_000
"""Positions that are rather read through than left out."""
_HELD: Final = {
    "event_links": "links",
    **{name: name for name in ("leagues", "teams", "bookmakers", "markets", "results")},
}
"""Where a batch holds the rows of a table."""


class Trial(Struct):
    """One record on trial. ``begin``: position from which frames have to be read for it.

    ``heard``: its last frame was read; ``waits``: for the end of an epoch that goes on; ``given``: its verdict is written. ``outcomes``: of
    the updates of its frames; ``refusal``: the record as it is refused again.
    """

    record: Record
    begin: int
    position: int
    heard: bool = False
    given: bool = False
    waits: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    selections: set[int] = field(default_factory=set)
    refusal: Record | None = None

    def verdict(self) -> Record:
        """The record as it is from now on."""
        return self.refusal or replace(self.record, state="replayed")

    def refuse(self, stage: str, category: str, severity: str, reason: str, error: str) -> None:
        """It is refused again; the first word stands."""
        if self.refusal is None:
            said = {"stage": stage, "category": category, "severity": severity, "reason": reason, "error": error}
            self.refusal = replace(self.record, state="open", **said)


class Docket:
    """All records of one source in one journal that are tried, in the order in which their frames have to be read.

    ``known``: ids of all records of the source, tried or not: what is refused elsewhere in a frame, and was before, is no concern of its
    neighbours.
    """

    def __init__(self, records: Iterable[tuple[Record, int]], known: frozenset[int]) -> None:
        """``records``: each with the position from which frames have to be read."""
        self.trials = [Trial(record, begin, journal_place(record.journal_offset)[1]) for record, begin in records]
        self._known = known
        self._at: dict[int, list[Trial]] = {}
        for trial in self.trials:
            self._at.setdefault(trial.position, []).append(trial)
        self._repeated = {trial.record.quarantine_id: trial for trial in self.trials if _repeats(trial.record)}
        self._paths = sorted({trial.record.path for trial in self._repeated.values()})
        self._rows = {trial.record.path: trial for trial in self.trials if trial.record.stage == "load"}
        self._waiting = deque(sorted(self.trials, key=lambda trial: trial.begin))

    def refused_selections(self, begin: int) -> set[int]:
        """Selections whose rows the store would not have, told from ``begin`` on."""
        places = {path: _place(path) for path, trial in self._rows.items() if begin <= trial.position and not trial.heard}
        return {int(key[0]) for table, key in places.values() if table in OF_SELECTION}

    def next(self, position: int = 0) -> int | None:
        """From where the first record behind ``position`` that has not been heard is to be read (None: there is none)."""
        while self._waiting and (self._waiting[0].heard or self._waiting[0].position <= position):
            self._waiting.popleft()
        return self._waiting[0].begin if self._waiting else None

    def over(self, position: int) -> bool:
        """Whether, at this position of the journal, nothing is to be heard soon."""
        begin = self.next()
        return begin is None or begin > position + NEAR

    def called(self, source: str, frame: Frame) -> list[Trial]:
        """The records that a frame gave rise to."""
        found = self._at.get(frame.offset, [])
        if self._paths and frame.kind == "data":
            ids = (record_id(source, frame.payload, path) for path in self._paths)
            again = [self._repeated[key] for key in ids if key in self._repeated]
            return [*found, *(trial for trial in again if trial not in found)]
        return found

    def hear(
        self, trials: Sequence[Trial], frame: Frame, refused: Mapping[int, RejectRow], outcomes: Mapping[str, int], named: set[int]
    ) -> bool:
        """What a frame came to, and which selections it is about; returns whether anything of it that was refused is taken now."""
        strange = next((row for key, row in refused.items() if key not in self._known), None)
        for trial in trials:
            trial.heard |= frame.offset == trial.position
            if trial.record.stage == "load":
                continue
            trial.outcomes.update(outcomes)
            trial.selections |= named
            row = refused.get(trial.record.quarantine_id) or strange
            if row is not None:
                trial.refuse(row.stage, row.category, row.severity, row.reason, row.error)
        return any(trial.refusal is None for trial in trials)

    def told(self, batch: Batch) -> None:
        """Which rows that the store would not have are told again in a batch."""
        changed = {change.selection_id for change in batch.changes} if self._rows else set()
        for path, trial in self._rows.items():
            table, key = _place(path)
            rows: Container[object] = changed if table in OF_SELECTION else getattr(batch, _HELD[table]) if table in _HELD else ()
            if (key if len(key) > 1 else key[0]) in rows:
                trial.outcomes["changed"] += 1

    def sent_back(self, refusals: Iterable[Refusal]) -> None:
        """The store will not have these rows today either."""
        for refusal in refusals:
            path = f"{refusal.table}{refusal.key!a}"
            hit = [trial for trial in self.trials if path == trial.record.path and trial.record.stage == "load"]
            if refusal.table in OF_SELECTION:
                hit += [trial for trial in self.trials if refusal.key[0] in trial.selections]
            for trial in hit:
                trial.refuse("load", "store", "error", refusal.error.split(":", 1)[0], refusal.error)

    def decided(self, under_way: int = 0) -> list[Record]:
        """Verdicts that have not been given yet; of a row that nothing told again there is none.

        ``under_way``: where an epoch began (0: none) that goes on and that the run before lost the base of. What its decoder refused there
        and is taken now waits for the end of it: frames still to come are read as badly, and nothing else would lead back to them.
        """
        found = [trial for trial in self.trials if trial.heard and not trial.given and (trial.outcomes or trial.refusal)]
        for trial in found:
            trial.waits = bool(0 < under_way <= trial.position and trial.refusal is None and trial.record.stage == "decode")
            trial.given = not trial.waits
        return [trial.verdict() for trial in found if trial.given]


def _repeats(record: Record) -> bool:
    return record.count > 1 and record.stage != "load"


def _place(path: str) -> tuple[str, tuple[str | int, ...]]:
    """Table and key of a refused row, by the path under which it is kept."""
    table, _, key = path.partition("(")
    found: tuple[str | int, ...] = ast.literal_eval(f"({key}")
    return table, found
