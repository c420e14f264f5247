"""What ``ingestd status`` shows: what is wrong first, then the sources, then what lies behind them."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingestd.cli.asking import NoAnswer, address
from ingestd.cli.shown import Shown
from ingestd.cli.times import ago, iso
from ingestd.cli.troubles import Ill, troubles
from ingestd.model import SECOND, Severity
from ingestd.overview import Source
from ingestd.settings import Settings

WIDE: Final = 100
"""Columns from which on there is room for everything."""
LATE: Final = 5.0
"""Seconds of lag that are coloured."""
MINUTES: Final = 16
"""Letters of a time to the minute."""
COLOURS: Final[dict[Severity, str]] = {"critical": "bold red", "error": "red", "warning": "yellow", "info": ""}
WAITING: Final = 1_000
"""Positions of the journal beyond which more wait for the store than are on their way."""
MIB: Final = 2**20


def screen(found: Shown, settings: Settings, width: int) -> RenderableType:
    """All of it, for a terminal of ``width`` columns."""
    parts: list[RenderableType] = [_origin(found, settings), *_wrong(troubles(found, settings.alerts.runbook), found.at)]
    if found.sources:
        parts.append(_sources(found, width))
    parts += _behind(found, settings)
    if found.budgets:
        parts.append(_months(found))
    if found.incidents:
        parts.append(_lately(found))
    return Group(*parts, *_stored(found))


def _origin(found: Shown, settings: Settings) -> Text:
    """Who says this, and why nobody better does."""
    lines = Text(no_wrap=False)
    if found.daemon is not None:
        try:
            place = f" on {address(settings.http)}"
        except NoAnswer:
            place = ""
        lines.append(f"daemon   {found.daemon.life}{place}, for {_span(found.at - found.daemon.started_at)}")
    elif found.taken_from == "store":
        lines.append("daemon   does not answer; what follows is what the store says", "red")
    else:
        lines.append("daemon   does not answer, and nor does the store", "bold red")
    for problem in found.problems:
        lines.append(f"\n         {problem}", "red")
    return lines


def _wrong(ills: list[Ill], now: int) -> Iterator[RenderableType]:
    """Each trouble: how bad, for how long, what, and below it what to do."""
    if not ills:
        yield Text("all is well", "green")
        return
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for ill in ills:
        said = Text(ill.text)
        if ill.advice:
            said.append(f"\n-> {ill.advice}", "dim")
        table.add_row(Text(ill.severity.upper(), COLOURS[ill.severity]), _span(now - ill.since) if ill.since else "", said)
    yield table


def _sources(found: Shown, width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    wide = width >= WIDE
    for name in ("source", *(("feed",) if wide else ()), "state"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=None if wide else 20)
    for name in ("for", "upd/s", "lag", "last frame", "last change", "refused"):
        if wide or name != "last frame":
            table.add_column(name, no_wrap=True, justify="right")
    if wide:
        table.add_column("unknown words")
        table.add_column("why")
    for source in found.sources:
        table.add_row(*_row(source, found, wide=wide))
    return table


def _row(source: Source, found: Shown, *, wide: bool) -> Iterator[RenderableType]:
    """One source; without a daemon, what was live for too long is not."""
    now = found.at
    dead = found.daemon is None and source.state == "live" and now > source.last_received_at + source.silence_limit * SECOND
    yield source.source
    if wide:
        yield source.feed
    yield Text("not running", "red") if dead else Text(source.state, "green" if source.state == "live" else "yellow")
    yield _span(now - source.since)
    yield "-" if source.rate is None else f"{source.rate:,.0f}"
    yield "-" if source.lag is None else Text(f"{source.lag:.1f} s", "red" if source.lag > LATE else "")
    if wide:
        yield _since(now, source.last_received_at)
    yield _since(now, source.last_changed_at)
    yield f"{source.quarantined:,}"
    if wide:
        yield unknown(source.counters)
        yield source.reason


def unknown(counters: Mapping[str, int]) -> str:
    """Of how many selections a market, period or outcome has no word in the vocabulary."""
    kinds = ("market", "period", "outcome")
    return ", ".join(f"{count:,} {kind}" for kind in kinds if (count := counters.get(f"unknown_{kind}", 0)))


def _behind(found: Shown, settings: Settings) -> Iterator[Text]:
    """Store, journal and breakers, each in a line."""
    store, journal = found.store, found.journal
    yield Text(f"store    {settings.store.shown}" + (f", last commit {_since(found.at, store.committed_at)}" if store else ""))
    if journal is not None:
        waits = max(0, journal.last - journal.position)
        behind = f", {waits:,} positions wait for the store" if waits > WAITING else ""
        yield Text(f"journal  {settings.journal.path}, {journal.size / MIB:,.0f} of {journal.limit / MIB:,.0f} MiB{behind}")
    for known in found.journals[:1] if journal is None else ():
        yield Text(f"journal  {known.path} at position {known.position}, {_since(found.at, known.updated_at)}")
    if found.breakers:
        yield Text("breakers " + ", ".join(f"{name} {state.replace('_', ' ')}" for name, state in found.breakers.items()), "yellow")


def _months(found: Shown) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("budget", "sources", "left", "of", "renews", "used up", "last hours"):
        table.add_column(name, no_wrap=name != "sources")
    for month in found.budgets:
        table.add_row(
            month.budget,
            " ".join(month.sources),
            f"{month.left:,.0f}",
            f"{month.limit:,.0f}",
            iso(month.renews_at)[:MINUTES],
            "[green]not before[/]" if month.empty_at is None else f"[yellow]{iso(month.empty_at)[:MINUTES]}[/]",
            "as configured" if month.slowed == 1 else f"[yellow]slowed {month.slowed:.1f} times[/]",
        )
    return table


def _lately(found: Shown) -> Text:
    """The latest of the last day, in short."""
    lines = [f"{_since(found.at, one.last_at)}, {one.count} times: {one.message}" for one in found.incidents]
    return Text("\n".join(["what went wrong lately (all of it: ingestd incidents)", *(f"  {line}" for line in lines)]), "yellow")


def _stored(found: Shown) -> Iterator[Text]:
    """What only the store knows."""
    if found.counts:
        names = ("events", "markets", "selections", "odds", "odds_history", "results", "coverage")
        yield Text("  ".join(f"{name} {found.counts[name]:,}" for name in names) + f"  quarantine {found.quarantine:,}")
    if found.review:
        yield Text(f"{found.review:,} fixtures may be a known event: ingestd events review")


def _span(micros: int) -> str:
    return ago(max(0, micros) / SECOND)


def _since(now: int, moment: int) -> str:
    return f"{_span(now - moment)} ago" if moment else "never"
