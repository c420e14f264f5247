"""Every provider in small there is, one line each, by the name of the feed that it is for."""

from collections.abc import Mapping
from typing import Final

from tests.properties.betfair import Betfair
from tests.properties.football_data import FootballData
from tests.properties.kalshi import Kalshi
from tests.properties.mapped import Mapped
from tests.properties.polymarket import Polymarket
from tests.properties.provider import Provider
from tests.properties.simulated import Simulated
from tests.properties.the_odds_api import TheOddsApi

PROVIDERS: Final[Mapping[str, type[Provider]]] = {
    "betfair": Betfair,
    "football_data": FootballData,
    "kalshi": Kalshi,
    "mapped": Mapped,
    "polymarket": Polymarket,
    "simulated": Simulated,
    "the_odds_api": TheOddsApi,
}
