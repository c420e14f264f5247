"""What a live run asks of its sources: the images that gaps wait for, and new epochs where the old ones fill the journal."""

from collections.abc import Callable, Mapping
from typing import Final

from ingestd.interfaces import Clock, Readable, Renew
from ingestd.model import WHOLE, Scope
from ingestd.pipeline.lane import Lane

ASK_AGAIN: Final = 15.0
"""Seconds before a fresh image that did not come is asked for again."""


class Wishes:
    """Asks at the tail only: what lies behind in the journal may hold the answer already. ``full``: whether the journal takes no more."""

    def __init__(self, lanes: Mapping[str, Lane], journal: Readable, clock: Clock, renew: Renew, full: Callable[[], bool]) -> None:
        self._lanes = lanes
        self._journal = journal
        self._clock = clock
        self._renew = renew
        self._full = full
        self._asked: dict[tuple[str, Scope, int, bool], float] = {}
        """When each image was asked for, and in which session: what was asked in one that broke off, no other answers.

        One that showed nothing was an answer, and to see it again is another wish.
        """
        self._tail = journal.last()

    def answer(self, position: int) -> None:
        """Ask for what is missing, and again if it does not come; everything up to ``position`` is committed.

        In a steady flow the tail is wherever the last frame stood when the commit before this one ended.
        """
        tail, self._tail = self._tail, self._journal.last()
        if position < tail:
            return
        now = self._clock.monotonic()
        known = {source: lane.coverage for source, lane in self._lanes.items()}
        waiting = {(source, scope, told.sessions, told.suspected(scope)) for source, told in known.items() for scope in told.gaps()}
        for wish in waiting:
            if now - self._asked.get(wish, -ASK_AGAIN) >= ASK_AGAIN:
                self._asked[wish] = now
                self._renew(*wish[:2])
        for answered in self._asked.keys() - waiting:
            del self._asked[answered]

    async def keep(self, position: int) -> None:
        """Let go of what neither the checkpoint nor an epoch in use needs.

        A full journal whose frames are all committed would stay full for ever, were it epochs that hold it: nobody reads, so no new
        one can begin. Then they go, and are asked for anew; a crash before that costs a gap.
        """
        epochs = {source: lane.applied_epoch for source, lane in self._lanes.items() if lane.applied_epoch}
        if self._full() and position >= self._journal.last():
            for source in epochs:
                self._renew(source, WHOLE)
            epochs = {}
        await self._journal.keep_from(min([position + 1, *epochs.values()]))
