"""``ingestd odds``: prices in the terminal, once or as they move."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.live import Live
from rich.table import Table

from ingestd.cli.config import settings as read_settings
from ingestd.cli.times import ago, parse_time
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.odds import FORMATS, Format
from ingestd.odds import text as text_of
from ingestd.settings import Settings
from ingestd.store.queries import Price, Queries

FIXED: Final = 30
"""Characters of a row that are not shared out: price, age, feed, and the space between columns."""
SIGNED: Final = ("spread", "asian_handicap")
LOOK: Final = 1.0
"""Seconds between two looks at the store."""


class Question(Struct, frozen=True, kw_only=True):
    """Which prices are asked for; ``at``: UTC µs."""

    text: str
    market: str
    book: str
    at: int | None
    limit: int
    notation: Format


def odds(  # noqa: PLR0913 - options are options
    config: Path | None, *, text: str, market: str, book: str, at: str, notation: str, limit: int, watch: bool, as_json: bool
) -> None:
    """``notation``: how prices are shown; in JSON they are decimal. Raises ConfigError, StoreUnavailable."""
    question = Question(text=text, market=market, book=book, at=parse_time(at), limit=limit, notation=_notation(notation))
    settings = read_settings(config)
    try:
        if watch:
            asyncio.run(_watch(settings, question))
            return
        prices = asyncio.run(_once(settings, question))
    except StoreUnavailable as error:
        message = f"{settings.store.shown} cannot be read: {error}; is that where the daemon stores? (ingestd run says so at its start)"
        raise StoreUnavailable(message) from error
    except KeyboardInterrupt:
        return
    if as_json:
        sys.stdout.write(msgspec.json.encode(prices).decode() + "\n")
    elif prices:
        console = Console()
        console.print(_table(prices, {}, console.width, question.notation))
    else:
        typer.echo("no prices match; is the daemon running? try: ingestd status")


def _notation(word: str) -> Format:
    for known in FORMATS:
        if word.replace("-", "_") == known:
            return known
    raise ConfigError(f"--format: {word!r} is none of {', '.join(FORMATS)}")


async def _once(settings: Settings, question: Question) -> list[Price]:
    async with Queries(settings.store.url, settings.store.schema_name) as queries:
        return await _ask(queries, question)


async def _ask(queries: Queries, question: Question) -> list[Price]:
    """The best live price of each outcome; every price where one book or one moment is asked for, or nothing is live."""
    if not question.book and question.at is None:
        best = await queries.best(question.text, question.market, question.limit)
        if best:
            return best
    return await queries.odds(question.text, question.market, question.book, question.at, question.limit)


async def _watch(settings: Settings, question: Question) -> None:
    clock = SystemClock()
    before: dict[int, float | None] = {}
    console = Console()
    async with Queries(settings.store.url, settings.store.schema_name) as queries:
        with Live(console=console, refresh_per_second=4, screen=console.is_terminal) as live:
            while True:
                rows = max(console.height - 4, 5) if console.is_terminal else question.limit
                prices = await _ask(queries, msgspec.structs.replace(question, limit=min(question.limit, rows)))
                live.update(_table(prices, before, console.width, question.notation), refresh=True)
                before = {price.selection_id: price.price for price in prices}
                await clock.sleep(LOOK)


def _table(prices: Sequence[Price], before: Mapping[int, float | None], width: int, notation: Format) -> Table:
    """``before``: what the prices were at the last look, by selection; a price that moved is coloured."""
    flexible = max(width - FIXED, 40)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name, share in (
        ("event", 0.35),
        ("market", 0.21),
        ("selection", 0.26),
        ("price", 0.0),
        ("book", 0.18),
        ("age", 0.0),
        ("feed", 0.0),
    ):
        table.add_column(
            name,
            justify="right" if name in ("price", "age") else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=int(flexible * share) if share else None,
        )
    for price in prices:
        table.add_row(
            price.event or price.source,
            price.market,
            _selection(price),
            _moved(price, before.get(price.selection_id), notation),
            price.bookmaker,
            ago(price.age_seconds) if price.age_seconds is not None else price.changed_at[:10],
            "live" if price.live else f"[red]{price.feed_state or 'not live'}[/]" if price.status == "open" else f"[dim]{price.status}[/]",
        )
    return table


def _selection(price: Price) -> str:
    line = "" if price.line is None else f" {price.line:+g}" if price.market in SIGNED else f" {price.line:g}"
    return f"{price.participant or price.outcome}{line}" + (f" ({price.side})" if price.side != "back" else "")


def _moved(price: Price, before: float | None, notation: Format) -> str:
    if price.price is None:
        return "-"
    shown = text_of(price.price, notation)
    if before is None or before == price.price:
        return shown
    return f"[green]{shown} ▲[/]" if price.price > before else f"[red]{shown} ▼[/]"
