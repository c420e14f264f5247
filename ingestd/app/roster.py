"""The sources of a live daemon: each with its feed, its collector, and whatever else must run for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from random import Random

from msgspec import Struct
from pydantic import BaseModel

from ingestd.app.feeds import build_feed
from ingestd.errors import ConfigError
from ingestd.interfaces import Clock, Feed
from ingestd.journal.local import LocalJournal
from ingestd.model import SECOND, WHOLE, Scope
from ingestd.pipeline.collector import Collector, Policy
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.resilience import Breaker
from ingestd.pipeline.standing import CollectorView, view
from ingestd.settings import Settings, SourceSettings
from ingestd.sources.accounts import BUDGETS, Accounts
from ingestd.telemetry import Reporter

Needs = Callable[[SourceSettings, BaseModel], AbstractAsyncContextManager[BaseModel]]
"""Within the context, what a source needs beside it runs; the context is its options, completed by where that is."""


@asynccontextmanager
async def nothing(_: SourceSettings, options: BaseModel) -> AsyncIterator[BaseModel]:
    """The needs of a source that has a provider."""
    yield options


class Ready(Struct, frozen=True):
    """A source that can begin: what it needs runs, and its options are completed by that."""

    source: SourceSettings
    options: BaseModel
    needs: AsyncExitStack


class Roster:
    """By name. A source that is stopped stays on it until its lane has gone, too."""

    def __init__(self, settings: Settings, needs: Needs, intake: Intake, journal: LocalJournal, clock: Clock, reporter: Reporter) -> None:
        self.collectors: dict[str, Collector] = {}
        self.feeds: dict[str, Feed] = {}
        self.breakers: dict[str, Breaker] = {}
        self.budgets = Accounts(settings.journal.path / BUDGETS, clock)
        self._settings = settings
        self._needs = needs
        self._intake = intake
        self._journal = journal
        self._clock = clock
        self._reporter = reporter
        self._running: dict[str, AsyncExitStack] = {}
        self._guarded: dict[str, set[str]] = {}
        """By breaker, the sources that it guards."""

    async def prepare(self, source: SourceSettings, options: BaseModel) -> Ready:
        """Begin what the source needs, and nothing of itself. Raises whatever its needs raise."""
        async with AsyncExitStack() as needs:
            options = await needs.enter_async_context(self._needs(source, options))
            return Ready(source, options, needs.pop_all())

    def rehearse(self, ready: Ready) -> None:
        """Build it for nothing, with budgets and breakers of its own, so that nobody notices. Raises ConfigError where it cannot be put."""
        name, accounts = ready.source.name, Accounts(self.budgets.path, self._clock)
        feed = build_feed(self._settings, ready.source, ready.options, self._clock, self._breaker, accounts)
        before = self.feeds.get(name)
        if before is not None and before.time_rule != feed.time_rule:
            raise ConfigError(f"sources.{name}: its time_rule changes from {before.time_rule}, which needs a restart")

    def put(self, ready: Ready, *, retold: bool = False) -> Collector:
        """In place of the one of this name that was stopped, where there was one. ``retold``: it is asked, or read, in other words."""
        source, name = ready.source, ready.source.name
        self._running[name] = ready.needs
        self._let_go(name)
        feed = build_feed(self._settings, source, ready.options, self._clock, partial(self._guard, name), self.budgets)
        policy = Policy(
            silence_limit=source.silence_limit,
            give_up_after=source.give_up_after,
            span_seconds=source.max_delta_span.time,
            span_bytes=source.max_delta_span.bytes,
        )
        before = self.collectors.get(name)
        self.feeds[name] = feed
        self.collectors[name] = collector = Collector(
            name,
            feed,
            self._intake,
            self._journal,
            self._clock,
            self._reporter,
            Random(),  # noqa: S311 - jitter, no secret
            policy,
            before.status if before else None,
        )
        if retold and feed.renewable:
            # a token of before leads on with what was asked for before; who is paid for an image resumes all the same
            collector.renew(WHOLE)
        return collector

    async def release(self, name: str) -> None:
        """End what ran for a source that was stopped."""
        await self._running.pop(name).aclose()

    def drop(self, name: str, collector: Collector) -> None:
        """Forget a source that was stopped, unless another has come in its place meanwhile."""
        if self.collectors.get(name) is collector:
            del self.collectors[name], self.feeds[name]
            self._let_go(name)
            self._reporter.metrics.forget("source", name)

    async def close(self) -> None:
        """End whatever runs for sources."""
        for name in list(self._running):
            await self.release(name)

    def renew(self, source: str, scope: Scope) -> None:
        """Ask a source for a fresh image."""
        self.collectors[source].renew(scope)

    def park(self, source: str, reason: str) -> None:
        """Stop a source until a person acts."""
        self.collectors[source].park(reason)

    def view(self, source: str) -> CollectorView:
        """What a source says of itself."""
        return view(self.collectors[source].status)

    def silence_limit(self, source: str) -> int:
        """A quiet link says ``alive`` every so often: a price stays live for that long (µs) beyond the silence that kills the link."""
        return int((self.collectors[source].silence_limit + Policy().alive_interval) * SECOND)

    def _let_go(self, name: str) -> None:
        self.budgets.leave(name)
        for breaker in [breaker for breaker, sources in self._guarded.items() if name in sources]:
            self._guarded[breaker].discard(name)
            if not self._guarded[breaker]:
                del self._guarded[breaker], self.breakers[breaker]
                self._reporter.metrics.forget("breaker", breaker)

    def _guard(self, source: str, name: str) -> Breaker:
        self._guarded.setdefault(name, set()).add(source)
        return self.breakers.setdefault(name, self._breaker(name))

    def _breaker(self, name: str) -> Breaker:
        return Breaker(name, self._clock, self._reporter)
