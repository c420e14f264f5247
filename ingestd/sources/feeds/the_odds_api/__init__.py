"""The Odds API, v4, live and from recorded answers; those of v3 from files."""

from ingestd.sources.feeds.the_odds_api.feed import FEED

__all__ = ["FEED"]
