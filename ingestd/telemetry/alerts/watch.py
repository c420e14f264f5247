"""The loop of alerts: look, judge, tell. Nothing of it holds up or ends the daemon."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ingestd.interfaces import Clock
from ingestd.model import Severity
from ingestd.settings import AlertSettings
from ingestd.settings.rules import RuleDefault
from ingestd.telemetry import Reporter
from ingestd.telemetry.alerts.book import RANK, Alert, AlertBook, Notice, Patience
from ingestd.telemetry.alerts.courier import Courier
from ingestd.telemetry.alerts.keeping import ALERTS, keep, kept
from ingestd.telemetry.alerts.rules import judge
from ingestd.telemetry.alerts.sight import Sight
from ingestd.telemetry.alerts.texts import plain, told

LAST: Final = 1.5
"""Seconds at the end for messages that wait."""


class Alerts:
    """Looks every so often. ``look`` tells what is seen; ``couriers``: those that settings ask for; ``folder``: where alerts are kept."""

    def __init__(
        self,
        settings: AlertSettings,
        look: Callable[[], Awaitable[Sight]],
        couriers: Callable[[AlertSettings], list[Courier]],
        folder: Path,
        clock: Clock,
        reporter: Reporter,
    ) -> None:
        self._settings = settings
        self._look = look
        self._couriers = couriers
        self.couriers = couriers(settings)
        """One for each channel."""
        self._carrying: dict[Courier, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._path = folder / ALERTS
        self._clock = clock
        self._reporter = reporter
        self._rules = _rules(settings)
        self._book = AlertBook(self._rules, _patience(settings), kept(self._path))
        self._kept: list[Alert] = []
        reporter.metrics.on_scrape(self._publish)

    @property
    def firing(self) -> list[Alert]:
        """Those that have fired and are not over."""
        return self._book.firing

    async def run(self) -> None:
        """For ever; looks at nothing while alerts are off."""
        async with asyncio.TaskGroup() as group:
            self._group, self._carrying = group, {}
            group.create_task(self._watch(), name="alerts rules")
            self._carry()

    def adopt(self, settings: AlertSettings) -> None:
        """Go by these settings from the next look on. A channel that stays keeps what waits; what waits for another is lost."""
        self.couriers = self._couriers(settings)
        self._settings = settings
        self._rules = _rules(settings)
        self._book.adopt(self._rules, _patience(settings))
        self._carry()

    async def close(self) -> None:
        """One more try for each channel that has something, all at once."""
        try:
            async with asyncio.timeout(LAST), asyncio.TaskGroup() as group:
                for courier in self.couriers:
                    if courier.waiting:
                        group.create_task(courier.attempt(), name=f"alerts to {courier.channel}")
        except TimeoutError:
            self._reporter.add("alerts_suppressed_total", sum(courier.waiting for courier in self.couriers), reason="shutdown")

    def _carry(self) -> None:
        """Couriers at work are those that there are."""
        for courier in [courier for courier in self._carrying if courier not in self.couriers]:
            self._carrying.pop(courier).cancel()
            if courier.channel not in {one.channel for one in self.couriers}:
                self._reporter.metrics.forget("channel", courier.channel)
        if self._group is not None:
            for courier in self.couriers:
                if courier not in self._carrying:
                    self._carrying[courier] = self._group.create_task(courier.run(), name=f"alerts to {courier.channel}")

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(self._settings.interval)
            if not self._settings.enabled:
                continue
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - a bug in a rule is contained: alerts must not end the daemon
                self._reporter.failed("alert.failed", error)

    async def _turn(self) -> None:
        sight = await self._look()
        findings = [
            replace(one, subject=plain(one.subject), text=plain(self._reporter.redactor.text(one.text)))
            for one in judge(sight, self._rules)
        ]
        for notice in self._book.step(sight.now, findings):
            self._tell(notice)
        self._keep()

    def _tell(self, notice: Notice) -> None:
        said = told(notice, name=self._settings.name, runbook=self._settings.runbook)
        for one in notice.firing:
            if not one.told:
                self._reporter.fact("alert.fired", rule=one.rule, text=one.text, severity=one.severity)
        for one in notice.over:
            self._reporter.fact("alert.resolved", rule=one.rule, text=one.text)
        for courier in self.couriers:
            courier.offer(said)

    def _keep(self) -> None:
        firing = self._book.firing
        states = [replace(one, seen_at=0, text="") for one in firing]
        if states != self._kept:
            keep(self._path, firing)
            self._kept = states

    def _publish(self) -> None:
        firing: dict[Severity, int] = dict.fromkeys(RANK, 0)
        for one in self._book.firing:
            firing[one.severity] += 1
        for severity, count in firing.items():
            self._reporter.metrics.set("alerts_firing", count, severity=severity)
        for courier in self.couriers:
            self._reporter.metrics.set("alert_queue_records", courier.waiting, channel=courier.channel)


def _rules(settings: AlertSettings) -> Mapping[str, RuleDefault]:
    return settings.effective() if settings.enabled else {}


def _patience(settings: AlertSettings) -> Patience:
    return Patience(group=settings.group, cool_down=settings.cool_down, repeat=settings.repeat, escalate_after=settings.escalate_after)
