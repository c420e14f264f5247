"""Couriers, composed from settings."""

from ingestd.app.alerting import LONGEST_PAUSE, _Pauses, couriers
from ingestd.settings import AlertSettings, LogSettings
from ingestd.telemetry import build_reporter
from ingestd.testing.clock import VirtualClock


def test_one_for_each_channel() -> None:
    """Those that are set; none where alerts are off."""
    clock = VirtualClock()
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    settings = AlertSettings.model_validate({"slack": {"webhook": "https://h/x"}, "email": {"to": "a@b.example"}})
    assert [one.channel for one in couriers(settings, clock, reporter)] == ["slack", "email"]
    assert couriers(settings.model_copy(update={"enabled": False}), clock, reporter) == []
    assert couriers(AlertSettings(), clock, reporter) == []


def test_pauses() -> None:
    """They grow to a bound, and begin anew once it went well."""
    pauses = _Pauses()
    assert max(pauses(False) for _ in range(40)) > 100
    assert max(pauses(False) for _ in range(40)) <= LONGEST_PAUSE
    assert pauses(True) == 0
    assert pauses(False) <= 2
