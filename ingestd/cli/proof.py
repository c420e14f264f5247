"""What ``ingestd check`` shows of samples: what a source would make of them, and what is wrong with that."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from ingestd.app import Proof, prove
from ingestd.errors import ConfigError
from ingestd.markets import MARKETS, PERIODS, unknown
from ingestd.settings import Settings
from ingestd.sources import FEEDS

SHOWN: Final = 8
"""Prices of a sample that are shown, and problems of one that are told."""
COLUMNS: Final = ("event", "bookmaker", "market", "outcome", "line", "side", "price", "size", "status")


def prove_samples(settings: Settings, options: Mapping[str, BaseModel]) -> None:
    """Decode every sample that a source names, and show it. Raises ConfigError where one says nothing, or something that is refused."""
    problems: list[str] = []
    for index, source in enumerate(settings.sources):
        kind = FEEDS[source.feed]
        kind = kind.configured(kind.options.model_validate(options[source.name]))
        for number, path in enumerate(kind.samples):
            where = f"sources[{index}].samples[{number}]"
            try:
                proof = prove(kind, source.name, path)
            except ConfigError as error:
                problems += [f"{where}: {problem}" for problem in error.problems]
                continue
            _show(source.name, proof)
            problems += [f"{where}: {problem}" for problem in _problems(proof)]
    if problems:
        raise ConfigError(*problems)


def _show(source: str, proof: Proof) -> None:
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(proof.counts.items())) or "nothing"
    typer.echo(f"{source}: {proof.path}: {kinds}; {len(proof.rejects)} rejected")
    if not proof.quotes:
        return
    table = Table(*COLUMNS, box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for quote in proof.quotes[:SHOWN]:
        what = quote.selection
        words = (what.source_event_id, what.bookmaker, what.market, what.outcome)
        table.add_row(*words, _number(quote.line), what.side, _number(quote.price), _number(quote.size), quote.status)
    Console().print(table)
    if len(proof.quotes) > SHOWN:
        typer.echo(f"… and {len(proof.quotes) - SHOWN} more prices")
    for hint in _hints(proof):
        typer.echo(hint)


def _hints(proof: Proof) -> Iterator[str]:
    """Words that are none of the vocabulary: no mistake, but nothing that could be compared with other bookmakers."""
    told: dict[tuple[str, str], None] = {}
    for quote in proof.quotes:
        what = quote.selection
        named = {"market": what.market, "period": what.period, "outcome": what.outcome}
        told |= {(kind, named[kind]): None for kind in unknown(what.market, what.period, what.outcome)}
    words = {"market": MARKETS, "period": PERIODS, "outcome": {outcome for market in MARKETS.values() for outcome in market.outcomes}}
    for kind, word in list(told)[:SHOWN]:
        close = get_close_matches(word, words[kind], n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        yield f"hint: {kind} {word!r} is no word of the vocabulary (docs/vocabulary.md){meant}"
    if len(told) > SHOWN:
        yield f"hint: … and {len(told) - SHOWN} more words that are none of the vocabulary"


def _problems(proof: Proof) -> Iterator[str]:
    for reject in proof.rejects[:SHOWN]:
        yield f"{proof.path.name}: {reject.path or 'document'}: {reject.category}: {reject.reason}"
    if len(proof.rejects) > SHOWN:
        yield f"{proof.path.name}: … and {len(proof.rejects) - SHOWN} more rejected"
    for first, second in proof.clashes[:1]:
        prices = f"{first.selection.outcome} at {_number(first.price)} and {second.selection.outcome} at {_number(second.price)}"
        yield f"{proof.path.name}: {first.selection.identity} names two prices ({prices}); add to key what tells them apart"
    if not proof.counts and not proof.rejects:
        yield f"{proof.path.name}: says nothing; does each begin at the right place?"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
