"""``ingestd alerts``: which rules and channels there are, what fires, and whether a message arrives."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingestd.cli.config import settings as read_settings
from ingestd.cli.times import ago, iso
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, Disconnected, Refused, Throttled
from ingestd.model import Severity
from ingestd.settings import secrets_of
from ingestd.telemetry.alerts.book import Alert, Notice
from ingestd.telemetry.alerts.channels import WITHIN, Deliver, channels
from ingestd.telemetry.alerts.keeping import ALERTS, kept
from ingestd.telemetry.alerts.texts import TEST, Told, told
from ingestd.telemetry.redact import Redactor

SLACK_TIME: Final = 2.0
"""Seconds beyond a channel's own deadline."""


class Shown(Struct, frozen=True, kw_only=True):
    """A rule as it is configured. ``hold`` in seconds, ``threshold`` in ``unit``."""

    rule: str
    severity: Severity
    threshold: float
    unit: str
    hold: float
    about: str
    runbook: str


class Listed(Struct, frozen=True, kw_only=True):
    """What ``ingestd alerts list`` shows. ``channels``: the least grave that goes to each."""

    enabled: bool
    channels: dict[str, Severity]
    firing: list[Alert]
    rules: list[Shown]


def list_(config: Path | None, *, as_json: bool) -> None:
    """Raises ConfigError."""
    settings = read_settings(config)
    alerts = settings.alerts
    found = Listed(
        enabled=alerts.enabled,
        channels={name: floor for name, (_, floor) in channels(alerts).items()},
        firing=kept(settings.journal.path / ALERTS),
        rules=[
            Shown(
                rule=name, severity=rule.severity, threshold=rule.threshold, unit=rule.unit, hold=rule.hold, about=rule.about,
                runbook=f"{alerts.runbook}#{name}",
            )
            for name, rule in alerts.effective().items()
        ],
    )  # fmt: skip
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _print(found)


def try_(config: Path | None, channel: str) -> int:
    """0: every channel took it. Raises ConfigError where there is no such channel."""
    settings = read_settings(config)
    found = channels(settings.alerts)
    chosen = {name: deliver for name, (deliver, _) in found.items() if channel in {"", name}}
    if not chosen:
        hint = "set alerts.slack.webhook, alerts.email.to, alerts.pagerduty.key or alerts.webhook.url"
        message = (
            f"alerts: no channel is configured; {hint}"
            if not found
            else f"--channel: no {channel!r} is configured; there are: {', '.join(found)}"
        )
        raise ConfigError(message)
    redactor = Redactor()
    redactor.register(secrets_of(settings, []))
    now = SystemClock().now()
    trial = Alert(
        rule=TEST, subject="", text="a person asked whether messages arrive", severity="info", since=now, seen_at=now, fired_at=now
    )
    notice = Notice(rule=TEST, severity="info", at=now, firing=(trial,), over=())
    said = told(notice, name=settings.alerts.name, runbook=settings.alerts.runbook)
    return asyncio.run(_try(chosen, said, redactor))


async def _try(chosen: dict[str, Deliver], said: Told, redactor: Redactor) -> int:
    failed = 0
    for name, deliver in chosen.items():
        try:
            async with asyncio.timeout(WITHIN + SLACK_TIME):
                await deliver(said)
                if name == "pagerduty":
                    # what was only a test must not stay open
                    await deliver(msgspec.structs.replace(said, over=True))
        except (Disconnected, Throttled, Refused, TimeoutError) as error:
            failed = 1
            typer.echo(f"{name}: {redactor.text(str(error) or 'no answer')}", err=True)
        else:
            typer.echo(f"{name}: taken")
    return failed


def _print(found: Listed) -> None:
    console = Console()
    names = ", ".join(f"{name} (from {floor} on)" for name, floor in found.channels.items()) or "none"
    console.print(f"alerts    {'on' if found.enabled else 'off'}")
    console.print(f"channels  {names}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rule", "severity", "beyond", "for"):
        table.add_column(name, no_wrap=True)
    for rule in found.rules:
        table.add_row(rule.rule, rule.severity, f"{rule.threshold:g} {rule.unit}" if rule.unit else "", ago(rule.hold) if rule.hold else "")
    console.print(table)
    for one in found.firing:
        console.print(Text(f"fires     {one.rule}: {one.text}, since {iso(one.since)}", "red"), soft_wrap=True)
    if not found.firing:
        console.print("nothing fires")
