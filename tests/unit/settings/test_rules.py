"""The built-in rules."""

import pytest

from ingestd.settings.rules import RULES


@pytest.mark.parametrize("name", RULES)
def test_a_rule(name: str) -> None:
    """A rule without a unit has no threshold; what it is about is a phrase."""
    rule = RULES[name]
    assert rule.unit or not rule.threshold
    assert rule.about
    assert not rule.about.endswith(".")
