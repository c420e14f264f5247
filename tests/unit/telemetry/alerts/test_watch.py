"""The loop of alerts: looks, judges, tells; contained."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.model import SECOND
from ingestd.pipeline.resilience import Breaker
from ingestd.settings import AlertSettings, LogSettings
from ingestd.telemetry import Reporter, build_reporter
from ingestd.telemetry.alerts import watch as module
from ingestd.telemetry.alerts.courier import Courier
from ingestd.telemetry.alerts.keeping import ALERTS, kept
from ingestd.telemetry.alerts.sight import Sight, SourceSight
from ingestd.telemetry.alerts.texts import Told
from ingestd.telemetry.alerts.watch import Alerts
from ingestd.testing.clock import VirtualClock

SETTINGS = AlertSettings.model_validate({"name": "odds", "cool_down": 60})


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """The root logger, put back afterwards."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


class World:
    """Alerts over one source, and one channel."""

    def __init__(self, folder: Path, settings: AlertSettings = SETTINGS) -> None:
        self.clock = VirtualClock()
        self.reporter: Reporter = build_reporter(LogSettings(format="json", level="info"), self.clock, terminal=False)
        self.reporter.hide(["hunter2"])
        self.parked = False
        self.failing: Exception | None = None
        self.taken: list[Told] = []
        self.hangs = False
        breaker = Breaker("alerts slack", self.clock, self.reporter)
        self.courier = Courier("slack", self.deliver, "warning", breaker, lambda well: 0.0 if well else 5.0, self.clock, self.reporter)
        self.alerts = Alerts(settings, self.look, lambda _: [self.courier], folder, self.clock, self.reporter)

    async def look(self) -> Sight:
        if self.failing is not None:
            raise self.failing
        now = self.clock.now()
        state = "parked" if self.parked else "live"
        source = SourceSight(name="a\x1b[31m", state=state, since=now, reason="key hunter2", last_received_at=now)  # type: ignore[arg-type]
        return Sight(now=now, sources=(source,))

    async def deliver(self, said: Told) -> None:
        if self.hangs:
            await asyncio.sleep(60)
        self.taken.append(said)

    async def passes(self, seconds: float) -> None:
        running = asyncio.create_task(self.alerts.run())
        await self.clock.sleep(seconds)
        running.cancel()
        await asyncio.wait([running])

    def page(self) -> bytes:
        return self.reporter.metrics.written(self.reporter.metrics.moment(), "")[2]


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Lines of the log."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_from_trouble_to_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told when it fires and when it is over, logged, counted, kept; no secret and no control character in any of it."""
    world = World(tmp_path)
    await world.passes(60)
    assert world.taken == []
    world.parked = True
    await world.passes(60)
    (told,) = world.taken
    assert told.subject.startswith("[odds] CRITICAL source_parked: a [31m is parked: key ***, since ")
    assert b'ingestd_alerts_firing{severity="critical"} 1' in world.page()
    assert [one.rule for one in kept(tmp_path / ALERTS)] == ["source_parked"]
    world.parked = False
    await world.passes(120)
    assert [one.over for one in world.taken] == [False, True]
    assert b'ingestd_alerts_firing{severity="critical"} 0' in world.page()
    assert kept(tmp_path / ALERTS) == []
    lines = said(capsys)
    assert [(line["event.action"], line["labels.rule"]) for line in lines] == [
        ("alert.fired", "source_parked"),
        ("alert.resolved", "source_parked"),
    ]
    assert "hunter2" not in str((lines, world.taken))


async def test_over_a_restart(tmp_path: Path) -> None:
    """What fired is not told anew, and is told when it is over."""
    first = World(tmp_path)
    first.parked = True
    await first.passes(60)
    second = World(tmp_path)
    second.parked = True
    await second.passes(60)
    assert second.taken == []
    second.parked = False
    await second.passes(120)
    assert [one.over for one in second.taken] == [True]


async def test_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the log, however often people are reminded."""
    world = World(tmp_path, SETTINGS.model_copy(update={"repeat": 60.0}))
    world.parked = True
    await world.passes(600)
    assert len(world.taken) > 5
    assert [line["event.action"] for line in said(capsys)] == ["alert.fired"]


async def test_off(tmp_path: Path) -> None:
    """One line, and nothing is looked at."""
    world = World(tmp_path, SETTINGS.model_copy(update={"enabled": False}))
    world.failing = RuntimeError("looked at")
    await world.passes(600)
    assert (world.taken, kept(tmp_path / ALERTS)) == ([], [])


async def test_a_rule_off(tmp_path: Path) -> None:
    """Only that one."""
    world = World(tmp_path, AlertSettings.model_validate({"rules": {"source_parked": {"enabled": False}}}))
    world.parked = True
    await world.passes(600)
    assert world.taken == []


async def test_a_bug_is_contained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told with its stack; it goes on."""
    world = World(tmp_path)
    world.failing = ZeroDivisionError("hunter2")
    await world.passes(25)
    world.failing = None
    world.parked = True
    await world.passes(60)
    assert len(world.taken) == 1
    failed = [line for line in said(capsys) if line["event.action"] == "alert.failed"]
    assert len(failed) == 2
    assert "ZeroDivisionError: ***" in str(failed[0]["error.stack_trace"])


async def test_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more try for what waits; a receiver that hangs holds up nothing."""
    monkeypatch.setattr(module, "LAST", 0.1)
    world = World(tmp_path)
    world.courier.offer(
        Told(
            key="",
            name="",
            rule="x",
            severity="error",
            over=False,
            subject="",
            text="",
            link="",
            at=world.clock.now(),
            firing=(),
            resolved=(),
        )
    )
    await world.alerts.close()
    assert len(world.taken) == 1
    world.hangs = True
    world.courier.offer(
        Told(
            key="",
            name="",
            rule="x",
            severity="error",
            over=False,
            subject="",
            text="",
            link="",
            at=world.clock.now(),
            firing=(),
            resolved=(),
        )
    )
    async with asyncio.timeout(5):
        await world.alerts.close()
    assert b'ingestd_alerts_suppressed_total{reason="shutdown"} 1' in world.page()
    assert b'ingestd_alert_queue_records{channel="slack"} 1' in world.page()


def test_seconds() -> None:
    """The end is within what the supervisor gives."""
    assert module.LAST * SECOND < 2 * SECOND


async def test_other_settings_while_it_runs(tmp_path: Path) -> None:
    """Off and on again; a channel that goes is not sent to any more, nor counted."""
    world = World(tmp_path)
    world.parked = True
    running = asyncio.create_task(world.alerts.run())
    await world.clock.sleep(60)
    assert len(world.taken) == 1
    assert b'channel="slack"' in world.page()
    world.alerts.adopt(AlertSettings(enabled=False))
    await world.clock.sleep(60)
    assert b'ingestd_alerts_firing{severity="critical"} 0\n' in world.page()
    world.alerts.adopt(SETTINGS)
    await world.clock.sleep(60)
    assert len(world.taken) == 2
    world.alerts._couriers = lambda _: []
    world.alerts.adopt(SETTINGS)
    world.parked = False
    await world.clock.sleep(120)
    assert len(world.taken) == 2
    assert b'channel="slack"' not in world.page()
    running.cancel()
    await asyncio.wait([running])
