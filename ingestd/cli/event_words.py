"""The words of ``ingestd events``, each a call of what it does."""

from pathlib import Path
from typing import Annotated

import typer

events = typer.Typer(help="Say which fixtures of several providers are one event.", no_args_is_help=True, rich_markup_mode=None)
decisions = typer.Typer(help="Take people's decisions from one store to another.", no_args_is_help=True, rich_markup_mode=None)
events.add_typer(decisions, name="decisions")

_IDS = {"ignore_unknown_options": True}
"""An event's id may be negative: it is no option."""
Config = Annotated[Path | None, typer.Option("-c", "--config", help="Configuration file (YAML or JSON). Default: config/ingestd.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Limit = Annotated[int, typer.Option(min=1, help="Rows at the most.")]
Link = Annotated[str, typer.Argument(help="A source's own event: SOURCE:ID.", metavar="SOURCE:ID")]
Event = Annotated[str, typer.Argument(help="An event, by its id or by one of its links.", metavar="EVENT|SOURCE:ID")]
Flipped = Annotated[
    bool | None, typer.Option("--flipped/--straight", help="Which way round its home and away are. Default: as the names tell.")
]
Note = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


@events.command("list", context_settings=_IDS)
def find(
    text: Annotated[str, typer.Argument(help="Only events whose names, leagues, sources or ids contain all these words.")] = "",
    state: Annotated[str, typer.Option(help="Only with a link that is stub, auto, review, confirmed or rejected.")] = "",
    shared: Annotated[bool, typer.Option("--shared", help="Only those that several links tell of.")] = False,
    limit: Limit = 40,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show events, the latest start first, each with what is linked to it. Times are UTC."""
    from ingestd.cli import linking as command

    command.find(config, text, state=state, shared=shared, limit=limit, as_json=as_json)


@events.command(context_settings=_IDS)
def show(event: Event, config: Config = None, as_json: AsJson = False) -> None:
    """Show an event: what each source says of it, why it is linked, what was decided."""
    from ingestd.cli import linking as command

    command.show(config, event, as_json=as_json)


@events.command()
def review(limit: Limit = 40, config: Config = None, as_json: AsJson = False) -> None:
    """Show the fixtures that may be a known event, which a person is to say: the likeliest first."""
    from ingestd.cli import linking as command

    command.review(config, limit=limit, as_json=as_json)


@events.command(context_settings=_IDS)
def link(subject: Link, event: Event, flipped: Flipped = None, note: Note = "", config: Config = None, as_json: AsJson = False) -> None:
    """Say that a source's event is this event; its odds follow at once."""
    from ingestd.cli import linking as command

    command.link(config, subject, event, flipped=flipped, note=note, as_json=as_json)


@events.command()
def unlink(subject: Link, note: Note = "", config: Config = None, as_json: AsJson = False) -> None:
    """Say that a source's event is an event of its own."""
    from ingestd.cli import linking as command

    command.unlink(config, subject, note=note, as_json=as_json)


@events.command(context_settings=_IDS)
def merge(event: Event, other: Event, flipped: Flipped = None, note: Note = "", config: Config = None, as_json: AsJson = False) -> None:
    """Say that two events are one: all links of the second go to the first."""
    from ingestd.cli import linking as command

    command.merge(config, event, other, flipped=flipped, note=note, as_json=as_json)


@events.command()
def confirm(subject: Link, flipped: Flipped = None, note: Note = "", config: Config = None, as_json: AsJson = False) -> None:
    """Say that a fixture is what it may be, or that it was linked rightly."""
    from ingestd.cli import linking as command

    command.confirm(config, subject, flipped=flipped, note=note, as_json=as_json)


@events.command()
def reject(subject: Link, note: Note = "", config: Config = None, as_json: AsJson = False) -> None:
    """Say that a fixture is not what it may be, or was taken for: it is an event of its own."""
    from ingestd.cli import linking as command

    command.reject(config, subject, note=note, as_json=as_json)


@events.command()
def undo(
    decision: Annotated[str, typer.Argument(help="The id that every decision prints.")],
    note: Note = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take a decision back; that is recorded as well."""
    from ingestd.cli import linking as command

    command.undo(config, decision, note=note, as_json=as_json)


@events.command()
def alias(  # noqa: PLR0913 - options are options
    kind: Annotated[str, typer.Argument(help="team, league or bookmaker.")],
    source: Annotated[str, typer.Argument(help="Whose word it is.")],
    word: Annotated[str, typer.Argument(help="The word, as the source writes it.")],
    name: Annotated[str, typer.Argument(help="What it stands for here.")],
    sport: Annotated[str, typer.Option(help="The sport of a team or a league.")] = "",
    note: Note = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what a source's word for a team, a league or a bookmaker stands for; it goes before the shipped lists."""
    from ingestd.cli import linking as command

    command.alias(config, kind, source, word, name, sport=sport, note=note, as_json=as_json)


@decisions.command("list")
def history(config: Config = None, as_json: AsJson = False) -> None:
    """Show all that was ever decided, in order."""
    from ingestd.cli import linking as command

    command.history(config, as_json=as_json)


@decisions.command("export")
def export(config: Config = None) -> None:
    """Print all decisions, one JSON object a line."""
    from ingestd.cli import linking as command

    command.history(config, as_json=True)


@decisions.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="What export wrote; - for standard input.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take decisions in, each once: also of events that are not known yet."""
    from ingestd.cli import linking as command

    command.take(config, file, as_json=as_json)


@events.command()
def score(
    file: Annotated[Path, typer.Argument(help="Labelled pairs of fixtures, as CSV: docs/matching.md.")],
    as_json: AsJson = False,
) -> None:
    """Try matching on pairs of fixtures of which you say whether they are one."""
    from ingestd.cli import events as command

    command.score(file, as_json=as_json)
