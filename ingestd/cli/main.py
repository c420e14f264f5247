"""Every command's words in one place; what a command does is in the module of its name."""

import signal
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ingestd import __version__
from ingestd.cli.event_words import events
from ingestd.cli.quarantine_words import quarantine
from ingestd.errors import ConfigError, IngestdError, InUse

FAILED: Final = 1
CONFIGURATION: Final = 78
ODDS_FORMATS: Final = "How prices are written: decimal, american, fractional, hong_kong, indonesian, malay, probability or percent."

app = typer.Typer(
    help="Record sports odds: what every price is, every change it made, and how complete that knowledge is.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="Look after the database's tables.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db, name="db")
sources = typer.Typer(help="Look after the code of feeds.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(sources, name="sources")
app.add_typer(events, name="events")
app.add_typer(quarantine, name="quarantine")
alerts = typer.Typer(help="Look after alerts.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(alerts, name="alerts")

Config = Annotated[Path | None, typer.Option("-c", "--config", help="Configuration file (YAML or JSON). Default: config/ingestd.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Record sports odds."""


@app.command()
def run(config: Config = None) -> None:
    """Run the daemon until SIGTERM or Ctrl-C; a second signal ends it at once, still safe. SIGHUP reloads the configuration."""
    # it would end the process: it waits until there is a daemon that reloads
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from ingestd.cli import run as command

    raise typer.Exit(command.run(config))


@app.command()
def odds(  # noqa: PLR0913 - options are options
    text: Annotated[str, typer.Argument(help="Only events, teams or outcomes that contain this text.")] = "",
    market: Annotated[str, typer.Option(help="Only this market, e.g. match_result.")] = "",
    book: Annotated[str, typer.Option(help="Only this bookmaker.")] = "",
    at: Annotated[str, typer.Option(help="As it was at this time (ISO 8601, UTC); without TEXT nothing long over then.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and show changes as they come.")] = False,
    notation: Annotated[str, typer.Option("--format", help=ODDS_FORMATS)] = "decimal",
    limit: Annotated[int, typer.Option(min=1, help="Rows at the most.")] = 40,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show prices: event, market, line, price and bookmaker, age, and whether the feed is live."""
    from ingestd.cli import odds as command

    command.odds(config, text=text, market=market, book=book, at=at, notation=notation, limit=limit, watch=watch, as_json=as_json)


@app.command()
def check(config: Config = None, connect: Annotated[bool, typer.Option("--connect", help="Also try the store.")] = False) -> None:
    """Validate the configuration: every problem with its path and a hint; exit code 78 if there is one."""
    from ingestd.cli import check as command

    command.check(config, connect=connect)


@app.command()
def doctor(config: Config = None, as_json: AsJson = False) -> None:
    """Look at this machine: disk, clock, port, limits, database, ways to the providers; exit code 1 where something will not do."""
    from ingestd.cli import doctor as command

    raise typer.Exit(command.doctor(config, as_json=as_json))


@app.command()
def load(  # noqa: PLR0913 - options are options
    feed: Annotated[str, typer.Argument(help="Which provider's payloads these are, e.g. betfair.")],
    files: Annotated[list[Path], typer.Argument(help="Recorded payloads: plain, .gz, .bz2 or .zst.")],
    store: Annotated[str, typer.Option(help="Store URL. Default: the configured one.")] = "",
    source: Annotated[str, typer.Option(help="Name of the source to load as. Default: the feed's name.")] = "",
    at: Annotated[str, typer.Option(help="When it was recorded, for records that do not say: ISO 8601.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Load recorded payloads through journal, decoder and store, as of the time they were recorded."""
    from ingestd.cli import load as command

    command.load(config, feed, files, store=store, source=source, at=at, as_json=as_json)


@app.command()
def replay(
    source: Annotated[str, typer.Option(help="Only this source. Default: every configured one.")] = "",
    since: Annotated[str, typer.Option("--from", help="Frames received from this time on, and what of their image came before.")] = "",
    until: Annotated[str, typer.Option("--to", help="Frames received before this time.")] = "",
    store: Annotated[str, typer.Option(help="Store URL. Default: the configured one.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Read the journal again with today's code: fills an empty store, and leaves a full one as it is but for what was misread."""
    from ingestd.cli import replay as command

    command.replay(config, source=source, since=since, until=until, store=store, as_json=as_json)


@app.command()
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and show every second how it stands.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what is wrong, since when and what to do; sources, budgets, journal and store. From the daemon if one answers."""
    from ingestd.cli import status as command

    if watch and as_json:
        raise typer.BadParameter("--watch is for people, --json for programs: choose one")
    command.status(config, watch=watch, as_json=as_json)


@app.command()
def incidents(
    source: Annotated[str, typer.Option(help="Only of this source.")] = "",
    since: Annotated[str, typer.Option(help="Only from then on: a span back from now (24h, 7d), or ISO 8601.")] = "7d",
    limit: Annotated[int, typer.Option(min=1, help="Rows at the most, the latest ones.")] = 100,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what went wrong: what, where, since when, how often."""
    from ingestd.cli import incidents as command

    command.incidents(config, source=source, since=since, limit=limit, as_json=as_json)


@app.command()
def coverage(  # noqa: PLR0913 - options are options
    source: Annotated[str, typer.Argument(help="The source, by its configured name.")],
    since: Annotated[str, typer.Option("--from", help="Only from this time on: ISO 8601, UTC where no zone is given.")] = "",
    until: Annotated[str, typer.Option("--to", help="Only up to this time.")] = "",
    scope: Annotated[str, typer.Option(help="Only this scope: a kind (source, query, event, market), an id, or both.")] = "",
    gaps: Annotated[bool, typer.Option("--gaps", help="Only intervals that are not complete.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what was missed of a source, when, why, and how it was repaired, and for how much of the time all was known."""
    from ingestd.cli import coverage as command

    command.coverage(config, source, since=since, until=until, scope=scope, gaps=gaps, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, feed options included."""
    from ingestd.cli import check as command

    command.schema()


@app.command()
def health(config: Config = None, as_json: AsJson = False) -> None:
    """Ask the running daemon how it is; exit code 1 when it is failing or not there."""
    from ingestd.cli import health as command

    raise typer.Exit(command.health(config, as_json=as_json))


@alerts.command("list")
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """Show the rules as they are configured, the channels, and what fires now."""
    from ingestd.cli import alerts as command

    command.list_(config, as_json=as_json)


@alerts.command("test")
def try_(
    channel: Annotated[str, typer.Option(help="Only this one: slack, email, pagerduty or webhook.")] = "", config: Config = None
) -> None:
    """Send a message over every channel, and say what became of it; exit code 1 where one did not take it."""
    from ingestd.cli import alerts as command

    raise typer.Exit(command.try_(config, channel))


@db.command()
def upgrade(config: Config = None, store: Annotated[str, typer.Option(help="Store URL. Default: the configured one.")] = "") -> None:
    """Create the tables, or bring them to this version."""
    from ingestd.cli import check as command

    command.upgrade(config, store=store)


@sources.command()
def new(name: Annotated[str, typer.Argument(help="Name of the feed: small letters, digits and _.")]) -> None:
    """Write a feed that works, with its emulator, recording, tests, page and example, into this checkout."""
    from ingestd.cli import sources as command

    command.new(name, Path())


@sources.callback()
def _sources() -> None:
    """Keep ``new`` a word of its own, though it is the only one."""


def main() -> None:
    """Run a command; problems become one clear line each on stderr and the right exit code."""
    try:
        app()
    except InUse as error:
        _fail(error, FAILED)
    except ConfigError as error:
        _fail(error, CONFIGURATION)
    except IngestdError as error:
        _fail(error, FAILED)


def _fail(error: IngestdError, code: int) -> None:
    for line in str(error).splitlines():
        typer.echo(f"ingestd: {line}", err=True)
    sys.exit(code)
