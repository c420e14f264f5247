"""The closed list of facts."""

import re

import pytest

from ingestd.telemetry.actions import ACTIONS, LEVELS, Action


@pytest.mark.parametrize(("name", "action"), ACTIONS.items(), ids=str)
def test_a_fact(name: str, action: Action) -> None:
    """Each is ``noun.past``, has a level that exists and a sentence without a full stop."""
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)?", name)
    assert action.level in LEVELS
    assert action.text
    assert not action.text.endswith((".", ":"))
