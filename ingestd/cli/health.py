"""``ingestd health``: ask the running daemon over HTTP; made for a container's health check."""

import json
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import typer

from ingestd.cli.config import settings as read_settings

TIMEOUT: Final = 5.0


def health(config: Path | None, *, as_json: bool) -> int:
    """Print the report; 0 when it passes or warns, 1 when it fails or nobody answers."""
    http = read_settings(config).http
    host = "127.0.0.1" if http.host in ("0.0.0.0", "::") else http.host  # noqa: S104 - asked for, not bound
    connection = HTTPConnection(host, http.port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        body = answer.read().decode()
        report = json.loads(body)
    except (OSError, HTTPException, ValueError) as error:
        typer.echo(f"ingestd: no daemon answers on http://{host}:{http.port}/health ({error}); start one with: ingestd run", err=True)
        return 1
    finally:
        connection.close()
    if as_json:
        sys.stdout.write(body + "\n")
    else:
        typer.echo(f"{report['status']}")
        for name, parts in report["checks"].items():
            part = parts[0] if isinstance(parts, list) else parts
            typer.echo(f"  {part['status']:<5} {name}  {part.get('output', '')}")
    return 0 if answer.status == 200 else 1  # noqa: PLR2004 - HTTP's own number
