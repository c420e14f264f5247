"""How complete the knowledge of one source is, interval by interval, derived from its frames alone."""

from typing import Final

from msgspec import Struct

from ingestd.batch import CoverageRow
from ingestd.model import SECOND, WHOLE, CoverageState, Scope

NARROW_REFRESH: Final = SECOND
"""How often ``seen_until`` of scopes narrower than the source is written, in µs of the frames' own time."""


class Interval(Struct):
    """An interval still open: from ``began_at``, in one state."""

    began_at: int
    state: CoverageState
    reason: str = ""
    written_until: int = 0


class Coverage:
    """The open intervals of one source, and what became of the others since the last batch.

    While the whole source is complete, narrower scopes have an interval of their own only where they are worse off.
    ``down``: not connected, nothing lost (the provider replayed it); ``gap``: something was lost.
    """

    def __init__(self, source: str, rows: list[CoverageRow] | None = None) -> None:
        self._source = source
        self._open: dict[Scope, Interval] = {}
        self._rows: dict[tuple[str, str, str, int], CoverageRow] = {}
        self._seen = 0
        self._reason = ""
        for row in rows or ():
            self._open[Scope(row.scope_kind, row.scope_id)] = Interval(row.began_at, row.state, row.reason)
            self._seen = max(self._seen, row.seen_until)

    @property
    def whole(self) -> bool:
        """Whether the image of everything is complete and nothing is missing since."""
        interval = self._open.get(WHOLE)
        return interval is not None and interval.state == "complete"

    def frame(self, at: int) -> None:
        """A frame of the source was taken in, received at ``at``."""
        self._seen = max(self._seen, at)

    def opened(self, at: int, resumed: str) -> None:
        """A session began: afresh (an image will say when all is known again) or resumed (``replay``, ``conflated``)."""
        if any(interval.state == "complete" for interval in self._open.values()):
            self._down("died")
        down = self._open.get(WHOLE)
        if not resumed or (down is not None and down.state == "gap"):
            return
        if down is not None:
            if resumed != "replay":
                down.state = "gap"
            self._end(WHOLE, at, "replay" if resumed == "replay" else "resume")
        self._begin(WHOLE, at, "complete")

    def closed(self, reason: str) -> None:
        """The session ended; what is known ends with the last frame before."""
        self._down(reason)

    def finished(self) -> None:
        """A finite run came to its end: its intervals end with its last frame."""
        for scope in list(self._open):
            self._end(scope, self._seen)

    def paused(self, since: int, at: int, reason: str) -> None:
        """Nobody read between ``since`` and ``at``; what the link still held came late."""
        if self.whole:
            self._end(WHOLE, since)
            self._begin(WHOLE, since, "gap", reason)
            self._end(WHOLE, at, "late")
            self._begin(WHOLE, at, "complete")

    def complete(self, scope: Scope, at: int) -> None:
        """The scope was walked whole."""
        held = self._open.get(scope)
        if scope == WHOLE:
            for narrow in [narrow for narrow in self._open if narrow != WHOLE]:
                self._end(narrow, at, "" if self._open[narrow].state == "complete" else "image")
        if held is not None:
            if held.state == "complete":
                return
            if held.state == "down":
                held.state = "gap"
            self._end(scope, at, "image")
        if scope == WHOLE or not self.whole:
            self._begin(scope, at, "complete")

    def gap(self, scope: Scope, reason: str) -> None:
        """Something of the scope is missing since the frame before this one."""
        self._worsen(scope, "gap", reason)

    def suspect(self, scope: Scope) -> None:
        """The scope suddenly lists nothing: not believed until it is seen twice."""
        self._worsen(scope, "suspected", "empty")

    def gaps(self) -> list[Scope]:
        """The scopes whose image is awaited."""
        return [scope for scope, interval in self._open.items() if interval.state == "gap"]

    def suspected(self, scope: Scope) -> bool:
        """Whether the last walk of the scope listed nothing."""
        interval = self._open.get(scope)
        return interval is not None and interval.state == "suspected"

    def rows(self) -> dict[tuple[str, str, str, int], CoverageRow]:
        """What is to be written since the last call, open intervals brought up to date."""
        for scope, interval in self._open.items():
            seen = max(self._seen, interval.began_at)
            if interval.written_until != seen and (scope == WHOLE or seen >= interval.written_until + NARROW_REFRESH):
                self._row(scope, interval, None, "")
        rows, self._rows = self._rows, {}
        return rows

    def _worsen(self, scope: Scope, state: CoverageState, reason: str) -> None:
        held = self._open.get(scope)
        if held is not None and held.state in ("gap", "down", state):
            return
        if held is None and scope != WHOLE and not self.whole and WHOLE in self._open:
            return
        if scope == WHOLE:
            self._end_complete()
        if scope in self._open:
            self._end(scope, self._seen)
        self._begin(scope, self._seen, state, reason)

    def _down(self, reason: str) -> None:
        self._end_complete()
        if WHOLE not in self._open:
            self._begin(WHOLE, self._seen, "down", reason)

    def _end_complete(self) -> None:
        for scope in [scope for scope, interval in self._open.items() if interval.state == "complete"]:
            self._end(scope, self._seen)

    def _begin(self, scope: Scope, at: int, state: CoverageState, reason: str = "") -> None:
        self._open[scope] = interval = Interval(at, state, reason)
        self._row(scope, interval, None, "")

    def _end(self, scope: Scope, at: int, repaired_by: str = "") -> None:
        interval = self._open.pop(scope)
        self._row(scope, interval, max(at, interval.began_at), repaired_by)

    def _row(self, scope: Scope, interval: Interval, ended_at: int | None, repaired_by: str) -> None:
        seen = max(self._seen, interval.began_at)
        interval.written_until = seen
        until = seen if ended_at is None else ended_at
        self._rows[self._source, scope.kind, scope.id, interval.began_at] = CoverageRow(
            self._source, scope.kind, scope.id, interval.began_at, ended_at, until, interval.state, interval.reason, repaired_by
        )
