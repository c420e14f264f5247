"""Alerts, composed from settings: couriers for the channels that are configured, and the loop that feeds them."""

from random import Random

from ingestd.interfaces import Clock, Telemetry
from ingestd.pipeline.resilience import Backoff, Breaker
from ingestd.settings import AlertSettings
from ingestd.telemetry.alerts.channels import channels
from ingestd.telemetry.alerts.courier import Courier

LONGEST_PAUSE = 300.0
"""Seconds between two tries at a receiver that does not answer, at most."""


def couriers(settings: AlertSettings, clock: Clock, telemetry: Telemetry) -> list[Courier]:
    """One for each channel; none where alerts are off."""
    found = channels(settings) if settings.enabled else {}
    return [
        Courier(name, deliver, floor, Breaker(f"alerts {name}", clock, telemetry), _Pauses(), clock, telemetry)
        for name, (deliver, floor) in found.items()
    ]


class _Pauses:
    """Growing pauses; a success begins anew."""

    def __init__(self) -> None:
        self._backoff = Backoff(Random(), 2.0, LONGEST_PAUSE)  # noqa: S311 - jitter, no secret

    def __call__(self, well: bool) -> float:
        if well:
            self._backoff.reset()
            return 0.0
        return self._backoff.next()
