"""Polymarket: sports events and markets of Gamma, prices of the CLOB's market channel."""

from ingestd.sources.feeds.polymarket.feed import FEED as FEED
