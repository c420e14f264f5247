"""The rules that updates and markets must obey, in one place per kind: what breaks one is quarantined or flagged, its neighbours go on."""

from ingestd.pipeline.stages.validate.rules import MARKET_RULES, Rule
from ingestd.pipeline.stages.validate.updates import UPDATE_RULES, describe_problem, refused, sound_time, validate

RULES: tuple[Rule, ...] = (*UPDATE_RULES, *MARKET_RULES)
"""All of them, as ``docs/validation.md`` lists them."""
__all__ = ["MARKET_RULES", "RULES", "Rule", "describe_problem", "refused", "sound_time", "validate"]
