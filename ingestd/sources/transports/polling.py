"""Polling: asks for what a plan names, each thing in its own time, within a budget; answers become frames.

Every walk of a query (all its pages) is an image of its own: its first frame begins an epoch, so decoders keep nothing from one walk to
the next. A frame's meta says ``key`` (which query), ``url``, ``status``, ``type`` (of content), ``page`` (from 1), ``more`` (pages).
The token says when each query was last walked, so that neither a reconnection nor a restart asks for anything before its time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from random import Random
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from ingestd.errors import Disconnected, Finished, IngestdError, Throttled
from ingestd.interfaces import Clock
from ingestd.model import SECOND, Frame, Scope
from ingestd.sources.http import Answer, Http, Request

LOOK: Final = 30.0
"""Seconds after which a plan is looked at again: intervals shrink as a kick-off comes near."""
ATTEMPTS: Final = 4
"""Failures of one query in a row before it is told as failed; failures of all that is asked before the session ends."""
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 60.0
PATIENCE: Final = 90.0
"""Seconds that the session waits when asked for patience; beyond, it ends and says why."""
MOST_PAGES: Final = 10_000


class Poll(Struct, frozen=True, kw_only=True):
    """A query: ``key`` names it in frames, tokens and scopes; ``cost`` is what the budget counts per request."""

    key: str
    request: Request
    cost: float = 1.0


class Plan(Protocol):
    """What a polled feed decides. It is told the time (UTC µs) and the answers, and only answers; it outlives sessions."""

    def polls(self, now: int) -> Sequence[Poll]:
        """Everything to be asked for again and again, the most important first."""

    def interval(self, poll: Poll, now: int) -> float:
        """Seconds from one walk of a query to the next, as things stand."""

    def probe(self, now: int) -> Poll:
        """What to ask at the start of a session, as proof that the provider is there; free, if anything is."""

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        """What to do about an answer that is none. ``http.judge`` knows HTTP's own rules. Finished: nothing more of this query."""

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        """A good answer came: look at the envelope (kick-offs, credits left)."""

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        """What to ask for the next page of the same walk; None after the last."""


class Spending(Protocol):
    """What may be asked for now."""

    def take(self, job: str, cost: float) -> float:
        """0: it is taken, go on. Else the seconds after which to ask again."""


class _Walked(Struct, array_like=True):
    """When a query was last walked to its end (UTC µs), and by what to ask whether it changed since."""

    at: int = 0
    etag: str = ""
    modified: str = ""


class _Query(Struct):
    """Where a query stands. ``retry_at`` in UTC µs."""

    walked: _Walked
    failures: int = 0
    retry_at: int = 0
    told: bool = False


class Poller:
    """One source. It keeps what must outlive a session: when each query was walked, and how often it failed."""

    def __init__(
        self,
        source: str,
        plan: Plan,
        client: Callable[[], AbstractAsyncContextManager[Http]],
        spending: Spending,
        clock: Clock,
        random: Random,
    ) -> None:
        self.source = source
        self.plan = plan
        self.clock = clock
        self.random = random
        self.spending = spending
        self.queries: dict[str, _Query] = {}
        self._client = client

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["PollingSession"]:
        """A session, once the provider has answered the probe. Raises what that comes to."""
        walked = _read_token(resume)
        for query in self.queries.values():
            query.failures = query.retry_at = 0
            query.told = False
        for key, known in walked.items():
            self.queries.setdefault(key, _Query(known))
        async with self._client() as http:
            session = PollingSession(self, http, resumed=bool(walked))
            await session.prove()
            yield session

    def query(self, key: str) -> _Query:
        """Where a query stands."""
        return self.queries.setdefault(key, _Query(_Walked()))

    def token(self) -> str:
        """When everything was walked that was ever walked whole."""
        walked = {key: query.walked for key, query in self.queries.items() if query.walked.at}
        return msgspec.json.encode(walked).decode() if walked else ""


class PollingSession:
    """Frames of one session: ``read`` and ``renew`` as the seam says."""

    def __init__(self, poller: Poller, http: Http, *, resumed: bool) -> None:
        self._poller = poller
        self._plan = poller.plan
        self._http = http
        self._clock = poller.clock
        self._resumed = resumed
        self._called = asyncio.Event()
        self._ready: list[Frame] = []
        self._next: tuple[Poll, Request, int] | None = None
        """The walk under way: its query, the request of its next page, and that page's number."""
        self._failures = 0
        self._held_until = 0
        self._unwalked: set[str] | None = None
        """What is still to be walked before everything is known; None: it is said already."""
        self._unconditional: set[str] = set()

    async def prove(self) -> None:
        """Ask for the probe; what it says counts like any answer. Raises what the plan makes of a bad one."""
        now = self._clock.now()
        probe = self._plan.probe(now)
        meta = {"resumed": "conflated"} if self._resumed else {}
        opened = Frame(self._poller.source, "opened", now, token=self._poller.token(), epoch=not self._resumed, meta=meta)
        if not self._resumed:
            for query in self._poller.queries.values():
                query.walked = _Walked()
        self._ready = [opened]
        polls = {poll.key: poll for poll in self._plan.polls(now)}
        if not self._resumed:
            self._unwalked = set(polls)
        if (wait := self._poller.spending.take(probe.key, probe.cost)) > 0:
            raise Throttled(wait, "budget")
        answer = await self._http.ask(self._asked(probe) if probe.key in polls else probe.request)
        if (error := self._plan.judge(probe, answer, self._http)) is not None:
            raise error
        if probe.key in polls:
            self._answered(probe, answer, 1)
        else:
            self._plan.learn(probe, answer, self._clock.now())

    async def read(self) -> Sequence[Frame]:
        """The frames of the next answer; none where it said that nothing changed. Raises Disconnected, Throttled, Refused."""
        if not self._ready:
            poll, request, page = await self._due() if self._next is None else await self._afford(*self._next)
            self._next = None
            try:
                answer = await self._http.ask(request)
                if (error := self._plan.judge(poll, answer, self._http)) is not None:
                    raise error
                self._answered(poll, answer, page)
            except Throttled as busy:
                self._patience(busy)
            except Disconnected as gone:
                self._failed(poll, gone)
            except Finished:
                self._ended(poll)
        ready, self._ready = self._ready, []
        return ready

    async def renew(self, scope: Scope) -> None:
        """Walk a query again, or everything, as soon as the budget allows."""
        wanted = [poll.key for poll in self._plan.polls(self._clock.now()) if scope.kind != "query" or poll.key == scope.id]
        for key in wanted:
            query = self._poller.query(key)
            query.walked = _Walked(min(query.walked.at, 1))
        if scope.kind != "query":
            self._unwalked = set(wanted)
        self._called.set()

    async def _due(self) -> tuple[Poll, Request, int]:
        """The next request of all, in its time."""
        while True:
            now = self._clock.now()
            wait = max(0.0, (self._held_until - now) / SECOND)
            if wait <= 0:
                wait = LOOK
                for due, poll in sorted(((self._when(poll, now), poll) for poll in self._plan.polls(now)), key=lambda pair: pair[0]):
                    if due > now:
                        wait = min(wait, (due - now) / SECOND)
                        break
                    pause = self._poller.spending.take(poll.key, poll.cost)
                    if pause <= 0:
                        return poll, self._asked(poll), 1
                    wait = min(wait, pause)
            await self._rest(wait)

    async def _afford(self, poll: Poll, request: Request, page: int) -> tuple[Poll, Request, int]:
        """A further page of a walk, once it may be asked for."""
        while (wait := self._poller.spending.take(poll.key, poll.cost)) > 0:
            if wait > PATIENCE:
                raise Throttled(wait, "budget")
            await self._rest(wait)
        return poll, request, page

    def _when(self, poll: Poll, now: int) -> int:
        query = self._poller.query(poll.key)
        due = query.walked.at + int(self._plan.interval(poll, now) * SECOND) if query.walked.at > 1 else query.walked.at
        return max(due, query.retry_at)

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until somebody calls."""
        self._called.clear()
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(self._clock.sleep(seconds)), group.create_task(self._called.wait())]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()

    def _asked(self, poll: Poll) -> Request:
        """The first request of a walk, conditional where the last walk was of one page and said by what."""
        known = self._poller.query(poll.key).walked
        conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        return poll.request.with_headers({name: value for name, value in conditions.items() if value})

    def _answered(self, poll: Poll, answer: Answer, page: int) -> None:
        now = self._clock.now()
        query = self._poller.query(poll.key)
        self._failures = query.failures = query.retry_at = 0
        query.told = False
        if answer.status == HTTPStatus.NOT_MODIFIED:
            query.walked.at = now
            return
        self._plan.learn(poll, answer, now)
        following = self._plan.next_page(poll, answer)
        if following is not None and page < MOST_PAGES:
            self._next = (poll, following, page + 1)
        else:
            single = page == 1
            etag, modified = (answer.headers.get(name, "") if single else "" for name in ("etag", "last-modified"))
            query.walked = _Walked(now, etag, modified)
        self._ready.append(self._frame(poll, answer, page, now))

    def _frame(self, poll: Poll, answer: Answer, page: int, now: int) -> Frame:
        meta = {
            "key": poll.key,
            "url": answer.url,
            "status": str(answer.status),
            "type": answer.headers.get("content-type", ""),
            "page": str(page),
        }
        if self._next is not None:
            meta["more"] = "1"
        elif self._unwalked is not None:
            self._unwalked.discard(poll.key)
            self._tell_whole(meta, now)
        return Frame(self._poller.source, "data", now, answer.body, self._poller.token(), epoch=page == 1, meta=meta)

    def _tell_whole(self, meta: dict[str, str], now: int) -> None:
        if self._unwalked is not None and not self._unwalked & {poll.key for poll in self._plan.polls(now)}:
            self._unwalked = None
            meta["whole"] = "1"

    def _patience(self, busy: Throttled) -> None:
        if busy.seconds > PATIENCE:
            raise busy
        self._held_until = self._clock.now() + int(busy.seconds * SECOND)

    def _failed(self, poll: Poll, gone: Disconnected) -> None:
        """Try again later; a query that goes on failing is told, and where nothing is answered at all the session ends."""
        query = self._poller.query(poll.key)
        query.failures += 1
        self._failures += 1
        now = self._clock.now()
        pause = self._poller.random.uniform(0.5, 1.0) * min(FIRST_RETRY * 2 ** min(query.failures - 1, 10), LONGEST_RETRY)
        query.retry_at = now + int(pause * SECOND)
        if self._failures >= ATTEMPTS:
            raise gone
        if query.failures >= ATTEMPTS and not query.told:
            query.told = True
            meta = {"failed": poll.key, "reason": gone.reason}
            self._ready.append(Frame(self._poller.source, "alive", now, token=self._poller.token(), meta=meta))

    def _ended(self, poll: Poll) -> None:
        """Nothing more will come of this query."""
        self._poller.queries.pop(poll.key, None)
        if self._unwalked is not None:
            self._unwalked.discard(poll.key)


def walked_in(token: str) -> frozenset[str]:
    """The queries that were walked whole by the time of a token: what a plan may want to ask again that nobody lists any more."""
    return frozenset(_read_token(token))


def _read_token(text: str) -> Mapping[str, _Walked]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, _Walked])
    except msgspec.DecodeError:
        return {}
