"""The feed of the simulated exchange; its protocol is described in ``docs/feeds/simulated.md``."""

from typing import cast

from ingestd.interfaces import Feed
from ingestd.sources.feeds.simulated.decoder import SimulatedDecoder
from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.sources.feeds.simulated.session import SimulatedFeed
from ingestd.sources.feeds.simulated.wire import record_time
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed."""
    return SimulatedFeed(cast("SimulatedOptions", options), context)


FEED = FeedKind(options=SimulatedOptions, build=build, decoder=SimulatedDecoder, unit="line", record_time=record_time)
