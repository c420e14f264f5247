"""Settings of alerts."""

import pytest
from pydantic import ValidationError

from ingestd.settings.alerts import AlertSettings
from ingestd.settings.problems import lines
from ingestd.settings.rules import RULES


def test_defaults() -> None:
    """Every rule is on, as built in; nobody is told."""
    settings = AlertSettings()
    assert settings.effective() == RULES
    assert (settings.slack.webhook, settings.email.to, settings.pagerduty.key, settings.webhook.url) == (None, (), None, None)


def test_rules() -> None:
    """One may be off, another different; the others stay as they are."""
    rules = {"gap_rate": {"enabled": False}, "source_down": {"for": "1h", "severity": "info"}, "ingest_lag": {"threshold": 0}}
    found = AlertSettings.model_validate({"rules": rules}).effective()
    assert set(RULES) - set(found) == {"gap_rate"}
    assert (found["source_down"].hold, found["source_down"].severity) == (3_600, "info")
    assert (found["ingest_lag"].threshold, found["ingest_lag"].hold) == (0, RULES["ingest_lag"].hold)


def test_addresses() -> None:
    """A list, or with commas between, as a variable has them."""
    assert AlertSettings.model_validate({"email": {"to": "a@b.example, c@d.example,"}}).email.to == ("a@b.example", "c@d.example")
    assert AlertSettings.model_validate({"email": {"to": ["a@b.example"]}}).email.to == ("a@b.example",)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"rules": {"gap_rat": {}}}, "rules.gap_rat: is no rule; did you mean gap_rate?"),
        ({"rules": {"gap_rate": {"threshold": -1}}}, "rules.gap_rate.threshold: should be greater than or equal to 0 (found -1)"),
        ({"slack": {"webhook": "hunter2"}}, "slack.webhook: is no URL; write https://host/path"),
        ({"webhook": {"url": "ftp://hunter2"}}, "webhook.url: is no URL; write https://host/path"),
        ({"email": {"to": "nobody"}}, "email.to: is no list of addresses (found 'nobody'); write name@host"),
        ({"email": {"to": "a@b\r\nBcc: x@y"}}, "email.to: is no list of addresses"),
        ({"email": {"sender": "a@b\nBcc: x@y"}}, "email.sender: "),
        ({"slack": {"severity": "loud"}}, "slack.severity: should be 'info', 'warning', 'error' or 'critical'"),
    ],
)
def test_problems(data: dict[str, object], expected: str) -> None:
    """With what to write; a secret is not shown."""
    with pytest.raises(ValidationError) as caught:
        AlertSettings.model_validate(data)
    (said,) = lines(caught.value, AlertSettings)
    assert said.startswith(expected)
    assert "hunter2" not in said
