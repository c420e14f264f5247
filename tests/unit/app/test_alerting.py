"""Couriers, composed from settings."""

from ingestd.app.alerting import LONGEST_PAUSE, Couriers, _Pauses
from ingestd.settings import AlertSettings, LogSettings
from ingestd.telemetry import build_reporter
from ingestd.testing.clock import VirtualClock


def test_one_for_each_channel() -> None:
    """Those that are set; none where alerts are off."""
    clock = VirtualClock()
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    settings = AlertSettings.model_validate({"slack": {"webhook": "https://h/x"}, "email": {"to": "a@b.example"}})
    couriers = Couriers(clock, reporter)
    assert [one.channel for one in couriers(settings)] == ["slack", "email"]
    assert couriers(settings.model_copy(update={"enabled": False})) == []
    assert couriers(AlertSettings()) == []


def test_a_channel_that_stays_keeps_its_courier() -> None:
    """And what waits there; one that is set otherwise has another."""
    clock = VirtualClock()
    couriers = Couriers(clock, build_reporter(LogSettings(level="error"), clock, terminal=False))
    both = {"slack": {"webhook": "https://h/x"}, "email": {"to": "a@b.example"}}
    slack, email = couriers(AlertSettings.model_validate(both))
    again, other = couriers(AlertSettings.model_validate({**both, "repeat": "9h", "email": {"to": "c@b.example"}}))
    assert again is slack
    assert other is not email


def test_pauses() -> None:
    """They grow to a bound, and begin anew once it went well."""
    pauses = _Pauses()
    assert max(pauses(False) for _ in range(40)) > 100
    assert max(pauses(False) for _ in range(40)) <= LONGEST_PAUSE
    assert pauses(True) == 0
    assert pauses(False) <= 2
