"""How complete the knowledge of one source is, interval by interval, derived from its frames alone."""

from typing import Final

from msgspec import Struct

from ingestd.batch import CoverageRow
from ingestd.model import SECOND, WHOLE, CoverageState, Scope

AWAY: Final[frozenset[CoverageState]] = frozenset(("down", "silent"))
"""No session, or none that says anything: the provider may still replay all of it."""
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
    ``down``: not connected, nothing lost yet (the provider may replay it); ``silent``: the same of a link that stood and brought
    nothing; ``gap``: something was lost, or was never known.
    """

    def __init__(self, source: str, rows: list[CoverageRow] | None = None) -> None:
        self._source = source
        self._open: dict[Scope, Interval] = {}
        self._rows: dict[tuple[str, str, str, int], CoverageRow] = {}
        self._ended: dict[Scope, int] = {}
        self._seen = 0
        self._linked = self._coming = False
        """A session is open; and it began afresh, and is about to tell everything by itself: nobody needs to ask for that."""
        self.sessions = 0
        """Begun so far."""
        for row in rows or ():
            self._seen = max(self._seen, row.seen_until)
            if row.ended_at is None:
                self._open[Scope(row.scope_kind, row.scope_id)] = Interval(row.began_at, row.state, row.reason)

    @property
    def whole(self) -> bool:
        """Whether the image of everything is complete and nothing is missing since."""
        interval = self._open.get(WHOLE)
        return interval is not None and interval.state == "complete"

    def frame(self, at: int) -> None:
        """A frame of the source was taken in, received at ``at``."""
        self._seen = max(self._seen, at)
        self._ended.clear()

    def opened(self, at: int, resumed: str) -> None:
        """A session began: afresh (an image will say when all is known again) or resumed (``replay``, ``conflated``)."""
        if any(interval.state == "complete" for interval in self._open.values()):
            self._down("died", self._seen)
        at = max(at, self._seen)
        self.sessions += 1
        self._linked, self._coming = True, not resumed
        away = self._open.get(WHOLE)
        if away is None or away.state not in AWAY:
            return
        if resumed != "replay":
            # a session that goes on from nothing never brings what came before it, whatever becomes of its image
            self._lose(away)
        if resumed:
            self._begin(WHOLE, self._end(WHOLE, at, "replay" if resumed == "replay" else "resume"), "complete")

    def closed(self, reason: str, heard: int | None = None) -> None:
        """The session ended; what is known ends with the last frame before.

        Where the link was ``heard`` for the last time before that, it ends there: what came later says nothing of what went silent.
        """
        self._linked = self._coming = False
        self._down(reason, self._seen if heard is None else min(heard, self._seen))

    def finished(self) -> None:
        """A finite run came to its end: its intervals end with its last frame."""
        for scope in list(self._open):
            self._end(scope, self._seen)

    def paused(self, since: int, at: int, reason: str) -> None:
        """Nobody read between ``since`` and ``at``; what the link still held came late."""
        at = max(at, self._seen)
        if self.whole:
            self._begin(WHOLE, self._end(WHOLE, min(since, at)), "gap", reason)
            self._begin(WHOLE, self._end(WHOLE, at, "late"), "complete")

    def complete(self, scope: Scope, at: int) -> None:
        """The scope was walked whole."""
        at = max(at, self._seen)
        if scope == WHOLE:
            for narrow in [narrow for narrow in self._open if narrow != WHOLE]:
                self._end(narrow, at, "" if self._open[narrow].state == "complete" else "image")
        self._complete(scope, at)

    def walked(self, at: int) -> None:
        """Every query of the source was walked: all is known that its queries do not lack by themselves."""
        at = max(at, self._seen)
        for narrow in [scope for scope, interval in self._open.items() if scope != WHOLE and interval.state == "complete"]:
            self._end(narrow, at)
        self._complete(WHOLE, at)

    def gap(self, scope: Scope, reason: str) -> None:
        """Something of the scope is missing since the frame before this one."""
        if scope == WHOLE:
            self._end_complete(self._seen)
        held, whole = self._open.get(scope), self._open.get(WHOLE)
        if held is None and whole is not None and whole.state != "complete":
            # no interval of its own: it is a part of what is missing anyway
            held = whole
        if held is not None and held.state in AWAY:
            self._lose(held)
        elif held is None or held.state != "gap":
            self._turn(scope, "gap", reason, self._seen)
        if held is whole:
            # of an image on its way something is lost: it has to be asked for
            self._coming = False

    def suspect(self, scope: Scope) -> None:
        """The scope suddenly lists nothing: not believed until it is seen twice, however well or badly it was known before."""
        held = self._open.get(scope)
        if held is not None and held.state in AWAY:
            held.state = "gap"
        if scope == WHOLE:
            self._coming = False
        self._turn(scope, "suspected", "empty", self._seen)

    def gaps(self) -> list[Scope]:
        """The scopes whose image is to be asked for: because something is missing, or to see once more that there is nothing.

        None while no session is open: what is asked then is lost, or meets the next one, which is about to tell it anyway.
        """
        if not self._linked:
            return []
        missing = [scope for scope, interval in self._open.items() if interval.state in ("gap", "suspected")]
        return [scope for scope in missing if scope != WHOLE] if self._coming else missing

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

    def _complete(self, scope: Scope, at: int) -> None:
        self._coming &= scope != WHOLE
        held = self._open.get(scope)
        if held is not None:
            if held.state == "complete":
                return
            if held.state in AWAY:
                held.state = "gap"
            at = self._end(scope, at, "image")
        if scope == WHOLE or not self.whole:
            self._begin(scope, max(at, self._ended.get(scope, 0)), "complete")

    def _turn(self, scope: Scope, state: CoverageState, reason: str, at: int) -> None:
        """From ``at`` on (the frame before this one); where this frame itself ended an interval of the scope, from there on."""
        if scope in self._open:
            self._end(scope, at)
        self._begin(scope, max(at, self._ended.get(scope, 0)), state, reason)

    def _down(self, reason: str, at: int) -> None:
        """No session any more. Where the whole was not known, a replay of what comes after does not make it so: that is a gap."""
        known = self.whole
        self._end_complete(at)
        if WHOLE not in self._open:
            away: CoverageState = "silent" if reason == "silent" else "down"
            self._turn(WHOLE, away if known else "gap", reason, at)

    def _lose(self, away: Interval) -> None:
        """What a replay might have brought of everything is lost."""
        away.state = "gap"
        self._row(WHOLE, away, None, "")

    def _end_complete(self, at: int) -> None:
        for scope in [scope for scope, interval in self._open.items() if interval.state == "complete"]:
            self._end(scope, at)

    def _begin(self, scope: Scope, at: int, state: CoverageState, reason: str = "") -> None:
        self._open[scope] = interval = Interval(at, state, reason)
        self._row(scope, interval, None, "")

    def _end(self, scope: Scope, at: int, repaired_by: str = "") -> int:
        interval = self._open.pop(scope)
        ended = max(at, interval.began_at)
        if interval.state != "complete" and ended == interval.began_at:
            # what was missed between two frames of one moment leaves a trace all the same
            ended += 1
            self._seen = max(self._seen, ended)
        self._ended[scope] = ended
        self._row(scope, interval, ended, repaired_by)
        return ended

    def _row(self, scope: Scope, interval: Interval, ended_at: int | None, repaired_by: str) -> None:
        seen = max(self._seen, interval.began_at)
        interval.written_until = seen
        until = seen if ended_at is None else ended_at
        self._rows[self._source, scope.kind, scope.id, interval.began_at] = CoverageRow(
            self._source, scope.kind, scope.id, interval.began_at, ended_at, until, interval.state, interval.reason, repaired_by
        )
