"""``ingestd health``: ask the running daemon over HTTP; made for a container's health check."""

import sys
from pathlib import Path

import msgspec
import typer

from ingestd.cli.asking import NoAnswer, asked
from ingestd.cli.config import settings as read_settings
from ingestd.telemetry.health import Report


def health(config: Path | None, *, as_json: bool) -> int:
    """Print the report; 0 when it passes or warns, 1 when it fails or nobody answers."""
    try:
        status, report = asked(read_settings(config).http, "/health", Report)
    except NoAnswer as error:
        typer.echo(f"ingestd: {error}; start one with: ingestd run", err=True)
        return 1
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        typer.echo(report.status)
        for name, check in report.checks.items():
            typer.echo(f"  {check.status:<5} {name}  {check.output}")
    return 0 if status == 200 else 1  # noqa: PLR2004 - HTTP's own number
