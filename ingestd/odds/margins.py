"""What margin the prices of all outcomes of one market hold, and the probabilities behind them once it is taken out.

Prices are decimal odds of outcomes of which exactly one comes true, all of one bookmaker and one line. Every function raises NoOdds for
fewer than two prices, or one that is not above 1. The methods differ in whom they let carry the margin; which is best is an empirical
question: Clarke, Kovalchik, Ingram, "Adjusting Bookmaker's Odds to Allow for Overround", American Journal of Sports Science 5 (2017) 45-49.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ingestd.odds.formats import NoOdds

ROUNDS: Final = 200
"""Halvings of an interval, at most: a double has no more between two neighbours of any interval here."""
FEWEST: Final = 2


def overround(prices: Sequence[float]) -> float:
    """The sum of the implied probabilities: 1.05 is five per cent too much; below 1 all outcomes together can be backed at a gain.

    Source: https://en.wikipedia.org/wiki/Mathematics_of_bookmaking#Overround.
    """
    return math.fsum(_implied(prices))


def multiplicative(prices: Sequence[float]) -> list[float]:
    """Every outcome carries the margin in proportion to its probability: p = q / sum(q), q = 1 / price.

    Source: Clarke, Kovalchik, Ingram (2017), "normalisation".
    """
    implied = _implied(prices)
    total = math.fsum(implied)
    return [one / total for one in implied]


def additive(prices: Sequence[float]) -> list[float]:
    """Every outcome carries the same share: p = q - (sum(q) - 1) / n. Raises NoOdds where a long shot would have less than no chance left.

    Source: Clarke, Kovalchik, Ingram (2017), "additive".
    """
    implied = _implied(prices)
    share = (math.fsum(implied) - 1) / len(implied)
    if min(implied) <= share:
        raise NoOdds("the longest price carries less than its share of the margin")
    return [one - share for one in implied]


def power(prices: Sequence[float]) -> list[float]:
    """Long shots carry more: p = q ** k, with the one k for which they sum to 1.

    Source: Clarke, Kovalchik, Ingram (2017), "power method"; earlier Vovk, Zhdanov, Journal of Machine Learning Research 10 (2009).
    """
    implied = _implied(prices)
    low, high = 0.0, 1.0
    while math.fsum(one**high for one in implied) > 1:
        low, high = high, high * 2
    k = _root(lambda k: math.fsum(one**k for one in implied) - 1, low, high)
    return _summing_to_one([one**k for one in implied])


def shin(prices: Sequence[float]) -> list[float]:
    """Long shots carry more, as a bookmaker would have it against a share z of bettors who know the outcome.

    p = (sqrt(z² + 4 (1 - z) q² / sum(q)) - z) / (2 (1 - z)), with the one z in [0, 1) for which they sum to 1. Where the implied
    probabilities sum to 1 or less there is no margin that insiders would explain: then as ``multiplicative``.

    Source: Shin, Economic Journal 103 (1993) 1141-1153; in this form Jullien, Salanié, Economic Journal 104 (1994) 1409-1419.
    """
    implied = _implied(prices)
    total = math.fsum(implied)
    if total <= 1:
        return multiplicative(prices)

    def fair(z: float) -> list[float]:
        return [(math.sqrt(z * z + 4 * (1 - z) * one * one / total) - z) / (2 * (1 - z)) for one in implied]

    return _summing_to_one(fair(_root(lambda z: math.fsum(fair(z)) - 1, 0.0, 1 - 1e-9)))


FAIR: Final[Mapping[str, Callable[[Sequence[float]], list[float]]]] = {
    "multiplicative": multiplicative,
    "additive": additive,
    "power": power,
    "shin": shin,
}
"""The methods by name."""


def _implied(prices: Sequence[float]) -> list[float]:
    if len(prices) < FEWEST or not (min(prices) > 1 and math.isfinite(sum(prices))):
        raise NoOdds("a margin needs two prices or more, all above 1")
    return [1 / price for price in prices]


def _root(falls: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is zero; ``low`` and ``high`` lie on its two sides."""
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if falls(middle) > 0 else (low, middle)
    return (low + high) / 2


def _summing_to_one(chances: list[float]) -> list[float]:
    """Freed of what rounding left over."""
    total = math.fsum(chances)
    return [one / total for one in chances]
