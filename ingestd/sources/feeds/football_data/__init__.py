"""The feed of football-data.co.uk: results and prices of past matches, season by season, and opening prices of coming ones."""

from typing import Final

from ingestd.sources.feeds.football_data.decoder import FootballDataDecoder, derived_time
from ingestd.sources.feeds.football_data.feed import build
from ingestd.sources.feeds.football_data.options import FootballDataOptions
from ingestd.sources.kind import FeedKind, no_time

FEED: Final = FeedKind(
    options=FootballDataOptions, build=build, decoder=FootballDataDecoder, unit="document", record_time=no_time, derived_time=derived_time
)
