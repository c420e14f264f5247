"""Kalshi: order books, trades and results of its markets, live and from recorded files."""

from ingestd.sources.feeds.kalshi.feed import FEED

__all__ = ["FEED"]
