"""Recordings of one exchange, whole and in overlapping halves: the facts are the exchange's own, whatever is loaded first."""

import asyncio
from pathlib import Path

import pytest

from ingestd.model import OUTCOMES
from ingestd.testing.digest import facts
from ingestd.testing.exchange import wire
from ingestd.testing.exchange.compare import differences
from ingestd.testing.exchange.model import expected
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.script import Script
from ingestd.testing.rig.daemon import SCHEMA
from tests.conftest import Command
from tests.integration.conftest import loaded

OPTIONS = Options(seed=5, events=3, markets=4, life=300, whole=700, t0=1_700_000_000_000_000)
END = 2_500


def record(folder: Path, *spans: tuple[int, int]) -> list[Path]:
    """For each span: a file with an image as of its first statement, and all statements up to its last."""
    lines: list[list[bytes]] = [[] for _ in spans]
    script = Script(OPTIONS)
    for n in range(END + 1):
        statement = wire.encode(script.step(), OPTIONS.segment) if n else []
        for (first, last), held in zip(spans, lines, strict=True):
            if n == first:
                held.extend(wire.encode(script.image(), OPTIONS.segment))
            elif first < n <= last:
                held.extend(statement)
    paths = [folder / f"{first}-{last}.jsonl" for first, last in spans]
    for path, held in zip(paths, lines, strict=True):
        path.write_bytes(b"".join(line + b"\n" for line in held))
    return paths


def held(url: str) -> dict[str, list[tuple[str, ...]]]:
    """The facts of a store."""
    return asyncio.run(facts(url, SCHEMA))


def test_as_the_exchange_says(store_url: str, tmp_path: Path, command: Command) -> None:
    """Every fact table against the exchange's own model."""
    counts = loaded(command, "simulated", record(tmp_path, (0, END)), store_url, "--source", "exchange")
    assert differences(expected(Script(OPTIONS), END, source="exchange"), held(store_url)) == {}
    assert counts["received"] == sum(counts[outcome] for outcome in OUTCOMES)
    assert counts["quarantined"] == 0


@pytest.mark.parametrize(
    "spans", [((0, 1_500), (1_000, END)), ((0, END), (900, 1_300)), ((0, 800), (1_700, END))], ids=["overlap", "within", "apart"]
)
def test_two_in_either_order(tmp_path: Path, command: Command, spans: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """The facts do not say which was loaded first, nor that one was loaded twice."""
    one, other = record(tmp_path, *spans)
    found = []
    for number, order in enumerate(([one, other], [other, one], [one, one, other])):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        loaded(command, "simulated", order, url)
        found.append(held(url))
    for facts_then in found[1:]:
        assert {name: set(rows) ^ set(facts_then[name]) for name, rows in found[0].items() if rows != facts_then[name]} == {}
