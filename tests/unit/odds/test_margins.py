"""Margins: invariants that any fair set of probabilities must keep, and figures from elsewhere."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.odds import FAIR, NoOdds, additive, multiplicative, overround, power, shin

CHANCES = st.lists(st.floats(0.02, 1.0), min_size=2, max_size=12).map(lambda weights: [one / math.fsum(weights) for one in weights])
MARGINS = st.floats(1.0, 1.3)
methods = pytest.mark.parametrize("method", FAIR)


@given(CHANCES, MARGINS)
def test_they_sum_to_one_and_keep_the_order(chances: list[float], margin: float) -> None:
    """Whatever the method: one of them comes true, and the favourite stays the favourite."""
    prices = [1 / min(chance * margin, 0.999) for chance in chances]
    for name, method in FAIR.items():
        try:
            fair = method(prices)
        except NoOdds:
            assert name == "additive"
            continue
        assert math.fsum(fair) == pytest.approx(1, abs=1e-9)
        assert all(0 < one < 1 for one in fair)
        ordered = [fair[place] for place in sorted(range(len(prices)), key=prices.__getitem__)]
        assert all(before >= after - 1e-12 for before, after in pairwise(ordered))


@methods
@given(CHANCES)
def test_without_a_margin_nothing_changes(method: str, chances: list[float]) -> None:
    """Fair prices are what they say."""
    assert FAIR[method]([1 / chance for chance in chances]) == pytest.approx(chances, abs=1e-7)


@given(CHANCES, MARGINS)
def test_what_was_put_on_in_proportion_comes_off(chances: list[float], margin: float) -> None:
    """The multiplicative method undoes a margin put on in proportion; the overround is that margin."""
    prices = [1 / (chance * margin) for chance in chances]
    if all(price > 1 for price in prices):
        assert overround(prices) == pytest.approx(margin)
        assert multiplicative(prices) == pytest.approx(chances)


@given(CHANCES, st.floats(0.5, 1.0))
def test_what_was_put_on_by_a_power_comes_off(chances: list[float], k: float) -> None:
    """The power method undoes a margin put on by a power."""
    prices = [1 / chance**k for chance in chances]
    if all(price > 1 for price in prices):
        assert power(prices) == pytest.approx(chances, abs=1e-7)


@given(CHANCES, st.floats(0.0, 0.2))
def test_what_insiders_put_on_comes_off(chances: list[float], z: float) -> None:
    """Shin's method undoes the prices that his bookmaker makes: q = sqrt(z p + (1 - z) p²) times their sum (Shin 1993, equation 5)."""
    roots = [math.sqrt(z * chance + (1 - z) * chance * chance) for chance in chances]
    prices = [1 / (root * math.fsum(roots)) for root in roots]
    if all(price > 1 for price in prices):
        assert shin(prices) == pytest.approx(chances, abs=1e-6)


@given(st.floats(1.05, 20), st.floats(1.05, 20))
def test_of_two_outcomes_shin_is_additive(one: float, other: float) -> None:
    """As Shin's formula gives for two."""
    prices = [one, other]
    if overround(prices) > 1:
        assert shin(prices) == pytest.approx(additive(prices), abs=1e-7)


def test_figures_from_elsewhere() -> None:
    """What other implementations (R ``implied``, Python ``shin``) give for the prices 2.6, 2.4, 4.3."""
    prices = [2.6, 2.4, 4.3]
    assert overround(prices) == pytest.approx(1.033_840, abs=1e-6)
    assert shin(prices) == pytest.approx([0.372_994_06, 0.404_779_41, 0.222_226_53], abs=1e-7)
    assert multiplicative(prices)[0] == pytest.approx(0.372_025, abs=1e-6)


def test_below_one_there_are_no_insiders() -> None:
    """Prices that can all be backed at a gain: Shin's method leaves them in proportion, the power method raises them."""
    prices = [2.1, 2.1]
    assert shin(prices) == multiplicative(prices) == [0.5, 0.5]
    assert power([3.0, 2.0]) == pytest.approx([0.420_807, 0.579_193], abs=1e-6)


@methods
@pytest.mark.parametrize("prices", [[], [2.0], [2.0, 1.0], [2.0, math.inf], [2.0, math.nan], [0.5, 2.0]])
def test_what_has_no_margin(method: str, prices: list[float]) -> None:
    """One outcome, or a price that is none."""
    with pytest.raises(NoOdds):
        FAIR[method](prices)
    with pytest.raises(NoOdds):
        overround(prices)


def test_a_long_shot_cannot_carry_everything() -> None:
    """The additive method says so rather than give it less than no chance."""
    with pytest.raises(NoOdds):
        additive([1.05, 1.9, 1000.0])
