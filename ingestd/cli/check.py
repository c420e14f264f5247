"""``ingestd check``, ``schema`` and ``db upgrade``: before the daemon starts."""

import asyncio
import json
import sys
from pathlib import Path

import typer

from ingestd.cli.config import checked
from ingestd.cli.config import settings as read_settings
from ingestd.cli.proof import prove_samples
from ingestd.clock import SystemClock
from ingestd.errors import StoreUnavailable
from ingestd.settings import Settings, json_schema
from ingestd.sources import FEEDS
from ingestd.store import open_store
from ingestd.store import upgrade as upgrade_store


def check(config: Path | None, *, connect: bool) -> None:
    """Raises ConfigError with every problem at once."""
    settings, options = checked(config, FEEDS)
    prove_samples(settings, options)
    if connect:
        asyncio.run(_look_at_store(settings))
    names = ", ".join(f"{source.name} ({source.feed})" for source in settings.sources) or "none"
    typer.echo(f"configuration is valid; sources: {names}")


def schema() -> None:
    """Print the JSON Schema."""
    json.dump(json_schema(FEEDS), sys.stdout, indent=2)
    sys.stdout.write("\n")


def upgrade(config: Path | None, *, store: str) -> None:
    """Bring the tables to this version. Raises ConfigError, StoreUnavailable."""
    settings = read_settings(config, store)
    revision = asyncio.run(upgrade_store(settings.store.url, settings.store.schema_name))
    typer.echo(f"tables are at revision {revision}")


async def _look_at_store(settings: Settings) -> None:
    store = open_store(settings.store.url, settings.store.schema_name, SystemClock())
    try:
        await store.prepare()
    except StoreUnavailable as error:
        message = f"store.url: cannot be reached: {error}; is the server running, and is the host right?"
        raise StoreUnavailable(message) from error
    finally:
        await store.close()
