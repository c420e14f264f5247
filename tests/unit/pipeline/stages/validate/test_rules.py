"""The table of rules, and the page that shows it."""

import re

from ingestd.pipeline.stages.validate import MARKET_RULES, RULES
from tests.house.conftest import ROOT

PAGE = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")


def test_the_page_shows_every_rule() -> None:
    """And none that is none: kind, category, severity, what happens, and what must hold, as the table says."""
    rows = re.findall(r"^\| (\w[\w, ]*) \| `(\w+)` \| (\w+) \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(rule.of, rule.category, rule.severity, rule.happens, rule.says) for rule in RULES]


def test_a_rule_is_one() -> None:
    """One for each kind and category; rules on markets flag, all others quarantine."""
    assert len({(rule.of, rule.category) for rule in RULES}) == len(RULES)
    assert {rule.happens for rule in MARKET_RULES} == {"flag"}
    assert {rule.happens for rule in RULES if rule not in MARKET_RULES} == {"quarantine"}
