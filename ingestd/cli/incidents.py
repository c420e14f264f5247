"""``ingestd incidents``: what went wrong, when, how often."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from ingestd.cli.config import settings as read_settings
from ingestd.cli.status import reading
from ingestd.cli.times import iso, since_time
from ingestd.clock import SystemClock
from ingestd.model import Severity
from ingestd.settings import Settings
from ingestd.store.history import IncidentStatus

COLOURS: Final[dict[Severity, str]] = {"critical": "bold red", "error": "red", "warning": "yellow", "info": ""}


def incidents(config: Path | None, *, source: str, since: str, limit: int, as_json: bool) -> None:
    """Raises ConfigError for a time that is none, StoreUnavailable."""
    settings = read_settings(config)
    began = since_time(since, SystemClock().now())
    found = asyncio.run(_read(settings, source, began, limit))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    console = Console()
    for one in reversed(found):
        console.print(_said(one), soft_wrap=True)
    if not found:
        console.print("nothing went wrong")


def _said(one: IncidentStatus) -> Text:
    """What, where, how often; below it the latest words. The latest stands at the bottom, where the prompt is."""
    often = f", {one.count} times since {iso(one.first_at)}" if one.count > 1 else ""
    where = f"{one.source} {one.stage}".strip()
    return Text.assemble(
        f"{iso(one.last_at)}  ", (one.severity, COLOURS[one.severity]), f"  {where}: {one.category}{often}\n    {one.message}"
    )


async def _read(settings: Settings, source: str, since: int, limit: int) -> list[IncidentStatus]:
    async with reading(settings) as queries:
        return await queries.incidents(source, since, limit)
