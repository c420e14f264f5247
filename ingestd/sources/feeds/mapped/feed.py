"""A mapped source as a feed: its mapping, compiled once, and the transport that it names."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, Literal

from ingestd.errors import ConfigError
from ingestd.interfaces import Decoder, Feed, Session
from ingestd.model import TimeRule
from ingestd.sources.feeds.mapped.asking import Asking, limits, longest
from ingestd.sources.feeds.mapped.credentials import auth_of
from ingestd.sources.feeds.mapped.decoder import MappedDecoder, record_time
from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.linked import Linked
from ingestd.sources.feeds.mapped.mapping import Mapping
from ingestd.sources.feeds.mapped.options import MappedOptions, PollingOptions
from ingestd.sources.feeds.mapped.peek import Peek
from ingestd.sources.feeds.mapped.program import compiled
from ingestd.sources.feeds.mapped.streaming import Streaming
from ingestd.sources.feeds.mapped.watching import Watching
from ingestd.sources.http import opened
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions
from ingestd.sources.transports.polling import PATIENCE, Poller
from ingestd.sources.transports.webhook import Receiver

SLACK: Final = 3.0
"""How many looks at the files may fail to come before the disk counts as dead."""
LEAST_SILENCE: Final = 30.0
WEBHOOK_SILENCE: Final = 3_600.0
"""Seconds after which a provider that posted nothing counts as silent; a source may set its own ``silence_limit``."""
Connect = Callable[[str], AbstractAsyncContextManager[Session]]


class MappedFeed:
    """One provider, described by a mapping; see ``interfaces.Feed``."""

    def __init__(self, options: MappedOptions, context: FeedContext) -> None:
        mapping = options.mapping
        self.time_rule: TimeRule = mapping.time_rule
        self.renewable = options.websocket is not None and options.websocket.renew is not None
        self._read = _reader(mapping)
        self._program = compiled(mapping, context.name)
        self._connect, self.silence_limit = self._transport(options, context)

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        """A session of its transport."""
        return self._connect(resume)

    def decoder(self) -> Decoder:
        """A decoder with empty state."""
        return MappedDecoder(self._program, self._read)

    def _transport(self, options: MappedOptions, context: FeedContext) -> tuple[Connect, float]:
        """What connects, and after how many seconds of silence it is dead."""
        peek = Peek(self._read)
        found: list[tuple[Connect, float]] = []
        if options.polling is not None:
            found.append((self._poller(options.polling, context, peek).connect, _patience(options.polling)))
        if options.websocket is not None:
            found.append((Linked(options.websocket, context, peek).connect, options.websocket.silence))
        if options.sse is not None:
            client = partial(opened, context.clock, auth=auth_of(options.sse.auth, context), timeout=options.sse.timeout)
            found.append((Streaming(options.sse, context, client, peek).connect, options.sse.silence))
        if options.webhook is not None:
            found.append((Receiver(context.name, options.webhook, context.folder, context.clock).connect, WEBHOOK_SILENCE))
        if options.files is not None:
            watching = Watching(options.files, context, _unit(options.mapping))
            found.append((watching.connect, max(LEAST_SILENCE, SLACK * options.files.poll)))
        (one,) = found
        return one

    def _poller(self, options: PollingOptions, context: FeedContext, peek: Peek) -> Poller:
        auth = auth_of(options.auth, context)
        key = options.auth.secret.get_secret_value() if options.auth is not None else context.name
        budget = context.budget(key, limits(options))
        client = partial(opened, context.clock, auth=auth, timeout=options.timeout)
        plan = Asking(options, peek, self.decoder, budget)
        return Poller(context.name, plan, client, budget, context.clock, context.random, fresh_for=_patience(options))


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed. Raises ConfigError where a secret cannot be sent as it should."""
    return MappedFeed(_own(options), context)


def by_options(options: FeedOptions) -> FeedKind:
    """How recordings of a source with this mapping are read."""
    own = _own(options)
    read = _reader(own.mapping)
    return FeedKind(
        options=MappedOptions,
        build=build,
        decoder=lambda source: MappedDecoder(compiled(own.mapping, source), read),
        unit=_unit(own.mapping),
        record_time=partial(record_time, compiled(own.mapping, ""), read),
        by_options=by_options,
        samples=own.samples,
    )


def _unconfigured(source: str) -> Decoder:
    raise ConfigError(f"mapped: {source!r} is no configured source, and without its mapping nothing can be read; name one by --source")


def _own(options: FeedOptions) -> MappedOptions:
    if not isinstance(options, MappedOptions):
        raise TypeError(type(options).__name__)
    return options


def _reader(mapping: Mapping) -> Callable[[bytes], object]:
    return reader(mapping.format, Dialect(mapping.delimiter, mapping.encoding))


def _unit(mapping: Mapping) -> Literal["line", "document"]:
    return "line" if mapping.format == "jsonl" else "document"


def _patience(options: PollingOptions) -> float:
    """So long after its walk a query passes for known: one walk missed, patience asked for, and the deadline of a request."""
    far = options.cadence.far if options.cadence is not None else 0.0
    return 2 * max(far, longest(options)) + options.timeout + PATIENCE


FEED: Final = FeedKind(
    options=MappedOptions, build=build, decoder=_unconfigured, unit="document", record_time=lambda _: None, by_options=by_options
)
