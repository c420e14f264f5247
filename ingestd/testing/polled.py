"""What a client that asks, query by query, can have known, and when, judged by what it was answered."""

from msgspec import Struct, field

from ingestd.testing.deeds import Deed, Says
from ingestd.testing.spans import SOURCE, Moment, Span


class Polled(Struct):
    """One client of one emulator: ``see`` every deed, then ``spans`` are what it must have recorded.

    Every query is an image of itself. A request that fails is made again, and nothing is missing before four have failed. All queries
    were walked once none is asked for the first time any more.
    """

    spans: list[Span] = field(default_factory=list)
    _before: Moment = Moment(0, 0)
    _last: Moment = Moment(0, 0)
    _asked: set[str] = field(default_factory=set)
    _answered: set[str] = field(default_factory=set)
    _walked: Moment | None = None
    """When the last query was answered that had never been, none being owed."""
    _offers: set[str] = field(default_factory=set)
    """Queries that have listed something."""
    _open: dict[str, Span] = field(default_factory=dict)

    def see(self, deed: Deed) -> None:
        """One deed after the other; what is about no query (a probe) says nothing."""
        query, at = deed.says.scope, Moment(deed.at, deed.at)
        if not query:
            return
        if query in self._answered and self._walked is not None and SOURCE not in self._open:
            self._know(self._walked)
        self._asked.add(query)
        if deed.did in ("reset", "stall"):
            self._walked = self._walked if query in self._answered else None
            return
        if query not in self._answered:
            self._answered.add(query)
            self._walked = at if self._asked <= self._answered else None
        if deed.did != "alive":
            self._read(query, deed.says, at, readable=deed.did == "sent")
            self._before, self._last = self._last, at

    def leave(self, reason: str) -> None:
        """The session ends, perhaps before the last answer was read."""
        self._last = Moment(self._before.earliest, self._last.latest)
        known = SOURCE in self._open
        for scope in [scope for scope, span in self._open.items() if span.state == "complete"]:
            self._end(scope, self._last, "")
        self._begin(SOURCE, self._last, "down" if known else "gap", reason)

    def _read(self, query: str, says: Says, at: Moment, *, readable: bool) -> None:
        """An answer was read, or could not be."""
        held = self._open.get(query)
        if not readable:
            if held is None or held.state != "gap":
                self._miss(query, "gap", "malformed")
        elif says.empty and query in self._offers and (held is None or held.state != "suspected"):
            self._miss(query, "suspected", "empty")
        else:
            (self._offers.discard if says.empty else self._offers.add)(query)
            if held is not None and held.state != "complete":
                self._end(query, at, "image")
                held = None
            if held is None and SOURCE not in self._open:
                self._begin(query, at, "complete")

    def _miss(self, query: str, state: str, reason: str) -> None:
        if query in self._open:
            self._end(query, self._last, "")
        self._begin(query, self._last, state, reason)

    def _know(self, at: Moment) -> None:
        """All queries were walked; what one of them lacks, it lacks by itself."""
        for scope in [scope for scope, span in self._open.items() if span.state == "complete"]:
            self._end(scope, at, "")
        self._begin(SOURCE, at, "complete")

    def _begin(self, scope: str, at: Moment, state: str, reason: str = "") -> None:
        self._open[scope] = span = Span(scope, at, state, reason)
        self.spans.append(span)

    def _end(self, scope: str, at: Moment, repaired_by: str) -> None:
        span = self._open.pop(scope)
        span.ended, span.repaired_by = at, repaired_by
