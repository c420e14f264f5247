"""What a client of a stream can have known, and when, judged by what was done to it."""

from typing import Final

from msgspec import Struct, field

from ingestd.testing.deeds import BEGIN, CHANGE, CONFLATED, END, HANDSHAKE, ONE, OPENED, REPLAY, Deed, Says
from ingestd.testing.spans import SOURCE, Moment, Protocol, Span

ENTRANCES: Final = (OPENED, REPLAY, CONFLATED)


class Streamed(Struct):
    """One client of one emulator: ``see`` every deed, then ``spans`` are what it must have recorded."""

    protocol: Protocol
    spans: list[Span] = field(default_factory=list)
    _last: Moment = Moment(0, 0)
    _opened: bool = False
    _early: list[Deed] = field(default_factory=list)
    """What came before the session counts as begun."""
    _deaf: bool = False
    """It can make nothing of this connection."""
    _sound: bool = False
    """Nothing is missing from the image under way."""
    _based: bool = False
    """An image of everything was taken, and what changed since has something to change."""
    _offered: bool = False
    """It may hold offers."""
    _noticed: int = 0
    """When it last saw that something is missing, µs UTC."""
    _numbers: dict[str, int] = field(default_factory=dict)
    _open: dict[str, Span] = field(default_factory=dict)

    def see(self, deed: Deed) -> None:
        """One deed after the other."""
        if deed.did == "met":
            self._leave_by_itself()
            return
        self._deaf |= deed.did == "garbage" and deed.says.what == HANDSHAKE and not self._opened
        if self._deaf:
            return
        if self.protocol.early and not self._opened and deed.says.what != OPENED:
            self._early.append(deed)
        if deed.did in ("reset", "stall"):
            self.leave("silent" if deed.did == "stall" else self.protocol.cut)
        elif deed.did in ("sent", "alive", "garbage"):
            self._come(deed)

    def _come(self, deed: Deed) -> None:
        """Bytes came."""
        at = Moment(deed.at, deed.at)
        if deed.did == "garbage":
            self._lose("malformed", at)
        elif deed.says.what in ENTRANCES:
            self._enter(deed.says.what, at)
        elif self._opened:
            self._hear(deed.says, at)
        self._last = Moment(self._last.earliest, deed.at) if deed.did == "alive" and self._last.earliest else at

    def leave(self, reason: str) -> None:
        """The session ends after what was heard last."""
        self._early, self._sound = [], False
        if not self._opened:
            return
        self._opened = False
        known = self._whole
        self._end_complete()
        if SOURCE not in self._open:
            self._begin(SOURCE, self._last, ("silent" if reason == "silent" else "down") if known else "gap", reason)

    def _leave_by_itself(self) -> None:
        """It hung up, because it has to ask for everything anew, or could make nothing of the beginning."""
        self._early, self._sound, self._opened, self._deaf = [], False, False, False
        self._last = Moment(min(self._noticed or self._last.earliest, self._last.earliest), self._last.latest)
        self._end_complete()

    @property
    def _whole(self) -> bool:
        return SOURCE in self._open and self._open[SOURCE].state == "complete"

    def _hear(self, says: Says, at: Moment) -> None:
        if says.loses:
            self._lose(says.loses, at)
            self._pass(says, at)
            return
        image = says.what in (BEGIN, ONE) and not says.quiet
        verdict = "next" if image and self.protocol.order == "image" else self._count(says)
        if image or verdict == "next":
            self._numbers[says.count] = says.number
        if verdict == "again":
            return
        if verdict == "hole":
            self._lose(self.protocol.hole, at)
            self._pass(says, at)
            if self.protocol.order != "counted":
                self._numbers.pop(says.count, None)
                return
            self._numbers[says.count] = says.number
        self._take(says, at)

    def _pass(self, says: Says, at: Moment) -> None:
        """A loss that nothing mends is over at once."""
        if self.protocol.passing and says.count.startswith(self.protocol.passing):
            self._know(at)

    def _take(self, says: Says, at: Moment) -> None:
        """What a message in its turn makes known."""
        if says.what in (BEGIN, ONE):
            self._sound = True
        if says.scope and says.what != CHANGE and not self._whole and says.scope not in self._open:
            self._begin(says.scope, at, "complete")
        elif says.what == CHANGE and not self._based and SOURCE not in self._open and says.scope not in self._open:
            self._begin(says.scope, self._last, "gap", "no_base")
        if says.what in (END, ONE) and self._sound and not says.quiet:
            self._image(at, empty=says.empty)

    def _image(self, at: Moment, *, empty: bool) -> None:
        """An image of everything has come whole; what suddenly lists nothing is not believed before it is seen twice."""
        held = self._open.get(SOURCE)
        if empty and self._offered and held is not None and held.state not in ("complete", "suspected"):
            self._end(SOURCE, self._last, "")
            self._begin(SOURCE, self._last, "suspected", "empty")
        else:
            self._know(at)

    def _count(self, says: Says) -> str:
        """``next``, ``again``, ``hole``; ``ignored``: nothing before it tells."""
        order, last = self.protocol.order, self._numbers.get(says.count)
        if not says.count or not order:
            return "taken"
        if last is None:
            return "again" if order == "image" else "next"
        if order == "forward":
            return "next" if says.number >= last else "hole"
        ahead = says.number - last - (not says.quiet)
        return "next" if ahead == 0 else "again" if ahead < 0 else "hole"

    def _enter(self, how: str, at: Moment) -> None:
        """A session begins, perhaps where the last one ended."""
        self._opened = True
        if how == OPENED:
            self._based = False
            self._numbers = {}
        missing = self._open.get(SOURCE)
        if missing is not None and missing.state in ("down", "silent"):
            if how != REPLAY:
                missing.state = "gap"
            if how != OPENED:
                self._end(SOURCE, at, "replay" if how == REPLAY else "resume")
                self._begin(SOURCE, at, "complete")
        early, self._early = self._early, []
        self._last = at
        for deed in early:
            self.see(deed)

    def _know(self, at: Moment) -> None:
        """An image of everything has come whole."""
        self._based = self._offered = True
        for scope, span in [(scope, span) for scope, span in self._open.items() if scope != SOURCE]:
            self._end(scope, at, "" if span.state == "complete" else "image")
        if not self._whole:
            if SOURCE in self._open:
                self._end(SOURCE, at, "image")
            self._begin(SOURCE, at, "complete")

    def _lose(self, reason: str, at: Moment) -> None:
        """Nobody can say of what something is missing."""
        if not self._opened:
            return
        self._sound = self._based = False
        self._noticed = at.earliest
        if self.protocol.order == "counted":
            self._numbers.clear()
        self._end_complete()
        if SOURCE not in self._open:
            self._begin(SOURCE, self._last, "gap", reason)
        self._open[SOURCE].state = "gap"

    def _end_complete(self) -> None:
        for scope in [scope for scope, span in self._open.items() if span.state == "complete"]:
            self._end(scope, self._last, "")

    def _begin(self, scope: str, at: Moment, state: str, reason: str = "") -> None:
        self._open[scope] = span = Span(scope, at, state, reason)
        self.spans.append(span)

    def _end(self, scope: str, at: Moment, repaired_by: str) -> None:
        span = self._open.pop(scope)
        span.ended, span.repaired_by = at, repaired_by
