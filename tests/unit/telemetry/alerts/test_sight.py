"""What rules look at."""

from ingestd.settings.rules import RULES
from ingestd.telemetry.alerts.rules import judge
from ingestd.telemetry.alerts.sight import Sight


def test_nothing_wrong() -> None:
    """A sight of which nothing is told is one in which nothing fires."""
    assert judge(Sight(now=0), RULES) == []
