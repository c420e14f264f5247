"""Every feed there is, one line each."""

from collections.abc import Mapping
from typing import Final

from ingestd.sources.feeds import betfair, football_data, kalshi, mapped, polymarket, simulated, the_odds_api
from ingestd.sources.kind import FeedKind

FEEDS: Final[Mapping[str, FeedKind]] = {
    "betfair": betfair.FEED,
    "football_data": football_data.FEED,
    "kalshi": kalshi.FEED,
    "mapped": mapped.FEED,
    "polymarket": polymarket.FEED,
    "simulated": simulated.FEED,
    "the_odds_api": the_odds_api.FEED,
}
