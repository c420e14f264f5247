"""The words of ``ingestd quarantine``, each a call of what it does."""

from pathlib import Path
from typing import Annotated

import typer

quarantine = typer.Typer(help="Look through what could not be taken, and try it again.", no_args_is_help=True, rich_markup_mode=None)

_IDS = {"ignore_unknown_options": True}
"""A record's id may be negative: it is no option."""
Config = Annotated[Path | None, typer.Option("-c", "--config", help="Configuration file (YAML or JSON). Default: config/ingestd.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Records, by the ids that list shows.", metavar="[ID]...")]
Source = Annotated[str, typer.Option(help="Only of this source.")]
Category = Annotated[str, typer.Option(help="Only of this category, e.g. price.")]


@quarantine.command("list")
def list_(  # noqa: PLR0913 - options are options
    source: Source = "",
    category: Category = "",
    since: Annotated[str, typer.Option(help="Only what came from then on: a span back from now (24h, 7d), or ISO 8601.")] = "",
    state: Annotated[str, typer.Option(help="open, replayed, discarded, kept, or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, help="Records at the most, the latest ones.")] = 40,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what could not be taken, the latest first: what, how often, since when, why."""
    from ingestd.cli import quarantine as command

    command.list_(config, source=source, category=category, since=since, state=state, limit=limit, as_json=as_json)


@quarantine.command(context_settings=_IDS)
def show(
    record: Annotated[int, typer.Argument(help="A record, by its id.", metavar="ID")], config: Config = None, as_json: AsJson = False
) -> None:
    """Show one record: why in plain words, what to do, its frame, what was made of it, what came beside it."""
    from ingestd.cli import quarantine as command

    command.show(config, record, as_json=as_json)


@quarantine.command(context_settings=_IDS)
def retry(  # noqa: PLR0913 - options are options
    records: Ids = None,
    source: Source = "",
    category: Category = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also what was tried often enough (quarantine.max_attempts).")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Try records again with today's code, also beside the running daemon; what is taken now stands as of when it was received."""
    from ingestd.cli import retry as command

    _some(records, source, category)
    command.retry(config, records or [], source=source, category=category, dry_run=dry_run, force=force, as_json=as_json)


@quarantine.command(context_settings=_IDS)
def discard(
    reason: Annotated[str, typer.Option(help="Why, for whoever reads it later.")],
    records: Ids = None,
    source: Source = "",
    category: Category = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let go of records that nobody needs; retry ID takes one up again."""
    from ingestd.cli import retry as command

    _some(records, source, category)
    command.discard(config, records or [], source=source, category=category, reason=reason, as_json=as_json)


def _some(records: list[int] | None, source: str, category: str) -> None:
    if bool(records) == bool(source or category):
        raise typer.BadParameter("name records by their ids, or a --source or --category (one or the other)")
