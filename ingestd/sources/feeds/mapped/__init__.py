"""A provider without code: a mapping in YAML turns what it sends into updates."""

from ingestd.sources.feeds.mapped.feed import FEED

__all__ = ["FEED"]
