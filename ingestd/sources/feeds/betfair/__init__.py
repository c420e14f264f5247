"""Betfair Exchange: the market stream, live and from recorded files."""

from ingestd.sources.feeds.betfair.feed import FEED

__all__ = ["FEED"]
