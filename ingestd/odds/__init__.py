"""Odds as values: how they are written, what ladders exchanges price by, and what margin a set of prices holds.

Pure arithmetic over ``fractions.Fraction``; a price is decimal odds everywhere. What is stored is the double nearest to the exact value.
"""

from ingestd.odds.formats import FORMATS, Format, NoOdds, contract, price_of, read, text, write
from ingestd.odds.ladders import BETFAIR, CENTS, KALSHI, POLYMARKET, Ladder
from ingestd.odds.margins import FAIR, additive, multiplicative, overround, power, shin

__all__ = [
    "BETFAIR",
    "CENTS",
    "FAIR",
    "FORMATS",
    "KALSHI",
    "POLYMARKET",
    "Format",
    "Ladder",
    "NoOdds",
    "additive",
    "contract",
    "multiplicative",
    "overround",
    "power",
    "price_of",
    "read",
    "shin",
    "text",
    "write",
]
