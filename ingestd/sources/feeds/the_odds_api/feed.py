"""The Odds API as a feed: a plan, polled within the budget of its key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ingestd.interfaces import Decoder, Feed, Session
from ingestd.model import TimeRule
from ingestd.sources.budget import Limit
from ingestd.sources.feeds.the_odds_api.decoder import OddsDecoder, record_time
from ingestd.sources.feeds.the_odds_api.options import TheOddsApiOptions
from ingestd.sources.feeds.the_odds_api.plan import OddsPlan
from ingestd.sources.http import opened
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions
from ingestd.sources.transports.polling import PATIENCE, Poller, walked_in

PER_SECOND: Final = Limit(amount=30, seconds=1.0)
"""The provider's limit for every key."""


class TheOddsApiFeed:
    """One key and its sports; see ``interfaces.Feed``."""

    time_rule: TimeRule = "ordered"
    renewable = False

    def __init__(self, options: TheOddsApiOptions, context: FeedContext) -> None:
        self._context = context
        limits = [PER_SECOND]
        if options.credits is not None:
            limits.append(Limit(amount=options.credits, seconds=None, renews_on=options.renews_on))
        budget = context.budget(options.api_key.get_secret_value(), tuple(limits))
        self._plan = OddsPlan(options, budget, context.clock)
        self._poller = Poller(
            context.name,
            self._plan,
            lambda: opened(context.clock, timeout=options.request_timeout),
            budget,
            context.clock,
            context.random,
            fresh_for=2 * options.cadence.far + PATIENCE,
        )
        # what is asked for in any case, missed once, and the longest wait inside a session
        self.silence_limit = 2 * (self._plan.listing + options.request_timeout) + PATIENCE

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator[Session]:
        """A session, once the key was taken. Raises Disconnected, Throttled or Refused."""
        self._plan.recall(walked_in(resume), self._context.clock.now())
        async with self._poller.connect(resume) as session:
            yield session

    def decoder(self) -> Decoder:
        """A decoder with empty state."""
        return OddsDecoder(self._context.name)


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed."""
    if not isinstance(options, TheOddsApiOptions):
        raise TypeError(type(options).__name__)
    return TheOddsApiFeed(options, context)


FEED: Final = FeedKind(options=TheOddsApiOptions, build=build, decoder=OddsDecoder, unit="document", record_time=record_time, series=True)
