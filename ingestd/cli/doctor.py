"""``ingestd doctor``: is this machine fit for the configuration? Looked at before the first start, or when something is odd."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from ingestd.app.machine import (
    Finding,
    look_at_clock,
    look_at_folder,
    look_at_limits,
    look_at_port,
    look_at_room,
    look_at_syncs,
    look_outside,
    there_now,
    ways_out,
)
from ingestd.cli.config import checked
from ingestd.clock import SystemClock
from ingestd.errors import IngestdError
from ingestd.journal.local import disk_free
from ingestd.settings import Settings
from ingestd.sources import FEEDS
from ingestd.store.connect import target
from ingestd.store.server import ServerFacts, server_facts

MOUNTS: Final = Path("/proc/self/mounts")
FEW: Final = 10
"""Free sessions below which a server is about to refuse us."""
SKEW: Final = 1.0
"""Seconds between two clocks that confuse people."""
COLOURS: Final = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(config: Path | None, *, as_json: bool) -> int:
    """Print what was found; 1 where something will not do. Raises ConfigError for a configuration that is none."""
    settings, options = checked(config, FEEDS)
    findings = [*_machine(settings), *asyncio.run(_outside(settings, options))]
    if as_json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
    else:
        _show(findings)
    return int(any(finding.verdict == "fail" for finding in findings))


def _machine(settings: Settings) -> Iterator[Finding]:
    mounts = MOUNTS.read_text(encoding="utf-8") if MOUNTS.exists() else ""
    folders = {"journal": settings.journal.path}
    store = target(settings.store.url, settings.store.schema_name)
    if store.dialect == "sqlite":
        folders["store"] = Path(store.path).parent
    usable = True
    for subject, folder in folders.items():
        for finding in look_at_folder(subject, folder.absolute(), mounts):
            usable &= finding.verdict != "fail"
            yield finding
    if usable:
        there = there_now(settings.journal.path.absolute())
        yield look_at_room(settings.journal, disk_free(there))
        yield look_at_syncs(there)
    yield look_at_clock()
    yield look_at_port(settings.http)
    yield look_at_limits()


async def _outside(settings: Settings, options: Mapping[str, BaseModel]) -> list[Finding]:
    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(look_outside(*way)) for way in ways_out(options)]
        server = group.create_task(_server(settings))
    return [*server.result(), *(look.result() for look in looks)]


async def _server(settings: Settings) -> list[Finding]:
    try:
        facts = await server_facts(settings.store.url, settings.store.schema_name, SystemClock())
    except IngestdError as error:
        return [Finding("store", "fail", str(error), "ingestd check --connect says more")]
    return [] if facts is None else list(judged(facts))


def judged(facts: ServerFacts) -> Iterator[Finding]:
    """What is to be said of a server."""
    yield Finding("store", "ok", f"PostgreSQL {facts.version} answers, {facts.spare} sessions are free")
    if facts.risky:
        yield Finding("store", "fail", ", ".join(facts.risky), "switch it on: what is committed would not survive a crash")
    if facts.spare < FEW:
        yield Finding("store", "warn", f"{facts.spare} sessions are free", "raise max_connections, or end some")
    if abs(facts.ahead) > SKEW:
        yield Finding("store", "warn", f"its clock is {facts.ahead:+.1f} s from ours", "keep both by NTP: ages in views are by its clock")


def _show(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        colour = COLOURS[finding.verdict]
        text = f"{finding.text}; {finding.advice}" if finding.advice else finding.text
        table.add_row(f"[{colour}]{finding.verdict}[/]", finding.subject, text)
    Console().print(table)
