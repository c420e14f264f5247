"""Alerts, composed from settings: couriers for the channels that are configured, and the loop that feeds them."""

from random import Random

from ingestd.interfaces import Clock, Telemetry
from ingestd.model import Severity
from ingestd.pipeline.resilience import Backoff, Breaker
from ingestd.settings import AlertSettings
from ingestd.settings.part import Part
from ingestd.telemetry.alerts.channels import Deliver, channels
from ingestd.telemetry.alerts.courier import Courier

LONGEST_PAUSE = 300.0
"""Seconds between two tries at a receiver that does not answer, at most."""


class Couriers:
    """Couriers as settings ask for them, again and again."""

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._made: dict[str, tuple[Part, Courier]] = {}

    def __call__(self, settings: AlertSettings) -> list[Courier]:
        """One for each channel, none where alerts are off. A channel that is set as it was keeps its courier, with what waits there."""
        found = channels(settings) if settings.enabled else {}
        self._made = {name: self._courier(name, deliver, floor, getattr(settings, name)) for name, (deliver, floor) in found.items()}
        return [courier for _, courier in self._made.values()]

    def _courier(self, name: str, deliver: Deliver, floor: Severity, settings: Part) -> tuple[Part, Courier]:
        before = self._made.get(name)
        if before is not None and before[0] == settings:
            return before
        breaker = Breaker(f"alerts {name}", self._clock, self._telemetry)
        return settings, Courier(name, deliver, floor, breaker, _Pauses(), self._clock, self._telemetry)


class _Pauses:
    """Growing pauses; a success begins anew."""

    def __init__(self) -> None:
        self._backoff = Backoff(Random(), 2.0, LONGEST_PAUSE)  # noqa: S311 - jitter, no secret

    def __call__(self, well: bool) -> float:
        if well:
            self._backoff.reset()
            return 0.0
        return self._backoff.next()
