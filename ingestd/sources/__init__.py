"""Every feed there is, one line each."""

from collections.abc import Mapping
from typing import Final

from ingestd.sources.feeds import betfair, kalshi, simulated
from ingestd.sources.kind import FeedKind

FEEDS: Final[Mapping[str, FeedKind]] = {
    "betfair": betfair.FEED,
    "kalshi": kalshi.FEED,
    "simulated": simulated.FEED,
}
