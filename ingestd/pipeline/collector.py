"""Keeps one source alive: connects, reads, notices silence, pauses, reconnects. Written once, for all feeds."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final

from msgspec import Struct

from ingestd.errors import Disconnected, Finished, IngestdError, Refused, Throttled
from ingestd.interfaces import Clock, Durable, Feed, Journal, Session, Telemetry
from ingestd.model import WHOLE, Frame, FrameKind, Scope
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.renewals import Renewals
from ingestd.pipeline.resilience import Backoff, Stretch
from ingestd.pipeline.standing import Standing, Status
from ingestd.pipeline.vigil import Vigil

BURST: Final = 512
"""Frames after which a source that always has more ready lets others run."""
SHORTEST_WAIT: Final = 0.1  # a provider that throttles for no time at all must not be asked in a tight loop


class Policy(Struct, frozen=True, kw_only=True):
    """How patient a collector is: seconds, but for ``span_bytes``.

    ``silence_limit`` None: the feed's own. ``give_up_after`` None: reconnect for ever. ``span_*`` bound the epoch (``max_delta_span``):
    beyond, a fresh image is asked for, so that a restart has no more than that to decode again.
    """

    silence_limit: float | None = None
    alive_interval: float = 10.0
    connect_within: float = 30.0
    leave_within: float = 5.0
    renew_within: float = 10.0
    backoff_base: float = 0.5
    backoff_cap: float = 60.0
    stable_after: float = 60.0
    give_up_after: float | None = None
    span_seconds: float = 3_600.0
    span_bytes: int = 256 << 20


class Collector:
    """One source. ``run`` it in a task; errors of the link stay inside, anything else is a bug and leaves it.

    A link is live from the first frame after ``opened``; backoff starts over once it has been live for ``stable_after``, so that a
    provider which hangs up after every image is not asked for one twice a second.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        name: str,
        feed: Feed,
        intake: Intake,
        journal: Journal,
        clock: Clock,
        telemetry: Telemetry,
        random: Random,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        before: Status | None = None,
    ) -> None:
        """``before``: how the collector stood whose place this one takes."""
        self.name = name
        self._feed = feed
        self._intake = intake
        self._journal = journal
        self._clock = clock
        self._telemetry = telemetry
        self._policy = policy
        self._backoff = Backoff(random, policy.backoff_base, policy.backoff_cap)
        self._standing = Standing(name, clock, telemetry, before)
        self.silence_limit = feed.silence_limit if policy.silence_limit is None else policy.silence_limit
        self._vigil = Vigil(
            silence_limit=self.silence_limit,
            alive_interval=policy.alive_interval,
            span_seconds=policy.span_seconds,
            span_bytes=policy.span_bytes,
        )
        self._life, self._session = Stretch(), Stretch()
        self._ended = asyncio.Event()
        self._renewals = Renewals()
        self._fresh = self._open = self._recorded = False

    @property
    def status(self) -> Status:
        """What to report of it now."""
        return self._standing.status(self._intake.waiting[self.name], self._intake.dropped[self.name])

    async def run(self) -> None:
        """Collect until finished, refused, parked or closed."""
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch(), name=f"watch {self.name}")
            try:
                with self._life:
                    await self._collect()
            except Finished as end:
                self._standing.stopped(self._say_closed(str(end) or "finished"))
            except Refused as no:
                self._standing.parked(self._say_closed(no.reason), no.detail, no.hint)
            finally:
                self._ended.set()
                watch.cancel()

    async def close(self) -> None:
        """Leave the session, say ``closed`` with reason ``stopped``, and wait for ``run`` to end."""
        if self._life.end(Finished("stopped")):
            await self._ended.wait()

    def park(self, reason: str) -> None:
        """Stop this source until a person acts (a bug that repeats)."""
        self._life.end(Refused(reason, hint="report it"))

    def renew(self, scope: Scope) -> None:
        """Ask the running session for a fresh image, without waiting. While everything is asked for, no token resumes."""
        if scope == WHOLE:
            self._fresh = True
        self._renewals.ask(scope)

    async def _collect(self) -> None:
        while True:
            await self._clock.sleep(await self._one())

    async def _one(self) -> float:
        """One session, well or ill; returns how many seconds to pause before the next."""
        try:
            await self._attempt()
        except Throttled as busy:
            self._lost(busy.reason, str(busy))
            self._standing.throttled()
            return max(busy.seconds, SHORTEST_WAIT)
        except Disconnected as gone:
            self._lost(gone.reason, gone.detail)
        return self._pause()

    async def _attempt(self) -> None:
        """One session, from connecting to leaving; raises what ended it."""
        self._standing.paused = ""
        resume = await self._resume()
        self._telemetry.add("source_connect_attempts_total", source=self.name)
        try:
            with self._session:
                self._allow("connect", self._policy.connect_within)
                async with self._feed.connect(resume) as session:
                    self._vigil.done("connect")
                    try:
                        await self._converse(session)
                    finally:
                        self._vigil.reading = False
                        self._allow("leave", self._policy.leave_within)
        finally:
            self._vigil.done()

    async def _resume(self) -> str:
        """The token to go on from: the last durable one, unless what it leads back to is broken."""
        await self._intake.flush()
        tail = await self._journal.tail_of(self.name)
        # all that was read is durable now, so the journal's count is the collector's too
        self._standing.read = tail.ordinal
        self._standing.last_received_at = max(self._standing.last_received_at, tail.received_at)
        self._vigil.epoch_at, self._vigil.epoch_bytes = tail.epoch_at, tail.epoch_bytes
        # without an epoch there is nothing to decode from, whatever the token says
        return tail.token if tail.epoch and not self._fresh else ""

    async def _converse(self, session: Session) -> None:
        self._renewals = Renewals()
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._renew(session, self._renewals), name=f"renew {self.name}")
            ended = await self._read(session)
            renewing.cancel()
        raise ended

    async def _read(self, session: Session) -> IngestdError:
        """Read until the session ends; returns why."""
        burst, durable = 0, self._standing.receive(session)
        self._vigil.listen(self._clock.monotonic())
        try:
            while True:
                frames = await session.read()
                if not self._take(frames, durable):
                    await self._wait_for_room()
                burst += len(frames) + 1
                if burst > BURST:
                    burst = 0
                    await self._clock.sleep(0)
        except IngestdError as error:
            if isinstance(error, Disconnected) and error.quiet:
                self._vigil.quieted(self._clock.monotonic() - error.quiet)
            return error

    def _take(self, frames: Sequence[Frame], durable: Durable | None = None) -> bool:
        """Stamp, count and hand over what was read; False: there is no room for more. No frames: only a sign of life."""
        vigil, standing = self._vigil, self._standing
        vigil.heard = self._clock.monotonic()
        if not frames:
            return True
        last = standing.last_received_at
        size = epoch_size = received = 0
        for frame in frames:
            if frame.received_at < last:
                frame.received_at = last
            else:
                last = frame.received_at
            if frame.epoch:
                vigil.epoch_at, vigil.epoch_bytes, epoch_size = last, 0, size
                self._fresh = False
            if frame.payload:
                size += len(frame.payload)
                received += 1
        vigil.epoch_bytes += size - epoch_size
        vigil.said = vigil.heard
        standing.last_received_at = last
        standing.read += len(frames)
        standing.received += received
        standing.received_bytes += size
        if standing.state != "live":
            self._progress(frames)
        return self._intake.accept(frames, durable)

    def _progress(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if frame.kind == "opened":
                self._open = True
                self._recorded = "recorded" in frame.meta
                # a recording is not a link: it can neither fall silent nor grow too long
                self._vigil.reading = not self._recorded
            elif frame.kind != "closed" and self._standing.state != "live":
                self._standing.live()

    async def _wait_for_room(self) -> None:
        since, began = self._clock.now(), self._clock.monotonic()
        self._vigil.reading, self._standing.paused = False, "room"
        full = await self._intake.room()
        self._standing.paused, now = "", self._clock.monotonic()
        self._telemetry.add("source_backpressure_seconds_total", now - began, source=self.name)
        if self._recorded:
            return
        self._vigil.listen(now)
        if full:
            self._say("alive", {"paused": "journal_full", "from": str(max(since, self._standing.last_received_at))})

    async def _watch(self) -> None:
        vigil = self._vigil
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(vigil.tick)
            now = self._clock.monotonic()
            if now - before > 2 * vigil.tick:
                vigil.stood_still(now - before)
            verdict = vigil.verdict(now, self._policy.leave_within)
            if verdict is not None:
                self._session.end(verdict)
            elif vigil.quiet(now):
                self._say("alive")
            if self._feed.renewable and vigil.span_exceeded(now, self._clock.now()):
                self._renewals.ask(WHOLE)

    async def _renew(self, session: Session, renewals: Renewals) -> None:
        try:
            while True:
                for scope in await renewals.due(self._clock):
                    self._allow("renew", self._policy.renew_within)
                    await session.renew(scope)
                    self._vigil.done("renew")
                    self._telemetry.add("source_resyncs_total", source=self.name, reason=scope.kind)
        except IngestdError as error:
            self._session.end(error)

    def _allow(self, phase: str, seconds: float) -> None:
        self._vigil.allow(phase, self._clock.monotonic() + seconds)

    def _lost(self, reason: str, detail: str) -> None:
        self._say_closed(reason)
        if self._standing.state == "live" and self._standing.lasted >= self._policy.stable_after:
            self._backoff.reset()
        self._standing.lost(reason, detail, self._clock.monotonic() - self._vigil.heard)

    def _pause(self) -> float:
        pause, limit = self._backoff.next(), self._policy.give_up_after
        if limit is None:
            return pause
        left = limit - self._standing.lasted
        if left <= 0:
            hint = "wait until the provider is back, or raise give_up_after"
            raise Refused("gave_up", f"{self._standing.reason} for {limit:g} s", hint)
        return min(pause, left)

    def _say(self, kind: FrameKind, meta: dict[str, str] | None = None) -> None:
        # a recording has a time of its own, which this clock must not enter
        at = max(self._standing.last_received_at, 0 if self._recorded else self._clock.now())
        heard = self._vigil.heard
        self._take([Frame(self.name, kind, at, meta=meta or {})])
        self._vigil.heard = heard

    def _say_closed(self, reason: str) -> str:
        if self._open:
            heard = self._vigil.told(reason, self._clock.monotonic(), self._clock.now())
            self._say("closed", {"reason": reason, **({"heard": str(heard)} if heard else {})})
        self._open = False
        return reason
