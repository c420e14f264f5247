"""Every provider in small there is, one line each, by the name of the feed that it is for."""

from collections.abc import Mapping
from typing import Final

from tests.properties.betfair import Betfair
from tests.properties.kalshi import Kalshi
from tests.properties.polymarket import Polymarket
from tests.properties.provider import Provider
from tests.properties.simulated import Simulated

PROVIDERS: Final[Mapping[str, type[Provider]]] = {
    "betfair": Betfair,
    "kalshi": Kalshi,
    "polymarket": Polymarket,
    "simulated": Simulated,
}
