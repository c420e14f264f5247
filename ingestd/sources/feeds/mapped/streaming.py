"""A mapped source over server-sent events."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from ingestd.errors import Disconnected
from ingestd.model import WHOLE, Frame, Scope
from ingestd.sources.feeds.mapped.options import SseOptions
from ingestd.sources.feeds.mapped.peek import Peek, Whole
from ingestd.sources.http import Http, Request
from ingestd.sources.kind import FeedContext
from ingestd.sources.transports.sse import Event, Events, connect


class Streaming:
    """Opens sessions; see ``interfaces.Feed.connect``."""

    def __init__(
        self, options: SseOptions, context: FeedContext, client: Callable[[], AbstractAsyncContextManager[Http]], peek: Peek
    ) -> None:
        self._options = options
        self._context = context
        self._client = client
        self._peek = peek

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["StreamingSession"]:
        """Connected. Raises Disconnected, Throttled, Refused."""
        options = self._options
        request = Request(url=options.url, params=tuple(options.params.items()), headers=options.headers)
        async with self._client() as http, connect(http, request, last_id=resume) as events:
            yield StreamingSession(events, options, self._context, self._peek, resume)


class StreamingSession:
    """Frames of one stream; the token is the id of the last event."""

    def __init__(self, events: Events, options: SseOptions, context: FeedContext, peek: Peek, resume: str) -> None:
        self._events = events
        self._name = context.name
        self._clock = context.clock
        self._whole = Whole(peek, options.complete, resumed=bool(resume))
        meta = {"resumed": "replay" if options.replay else "conflated"} if resume else {}
        self._ready = [Frame(self._name, "opened", self._clock.now(), token=resume, epoch=not resume, meta=meta)]

    async def read(self) -> Sequence[Frame]:
        """What has come; nothing where it was a sign of life. Raises Disconnected, Throttled."""
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        return [self._frame(event) for event in await self._events.read()]

    async def renew(self, scope: Scope) -> None:
        """A new session tells everything; for less than all nothing is done."""
        if scope == WHOLE:
            raise Disconnected("renewal", "a fresh session tells everything")

    def _frame(self, event: Event) -> Frame:
        meta = {"event": event.type, **({"oversize": str(event.oversize)} if event.oversize else self._whole.meta(event.data))}
        return Frame(self._name, "data", self._clock.now(), event.data, event.id, meta=meta)
