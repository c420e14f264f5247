"""``ingestd load``: every recording there is, into both databases, in any order, and again from its journal."""

import asyncio
import bz2
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingestd.app.finite import new_run, open_journal
from ingestd.clock import SystemClock
from ingestd.journal.deathmark import Deathmark
from ingestd.model import OUTCOMES
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Limits, Loader
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings
from ingestd.sources import FEEDS
from ingestd.sources.transports.files import recorded
from ingestd.store import open_store
from ingestd.telemetry import build_reporter
from ingestd.testing.digest import digest
from ingestd.testing.rig.daemon import SCHEMA
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command, database
from tests.integration.conftest import loaded

DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[3] / "shared" / "data")
STREAMS = sorted((DATA / "betfair" / "streams").glob("*"))
MALFORMED = sorted((DATA / "betfair" / "malformed").glob("*"))
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
needs_recordings = pytest.mark.skipif(not STREAMS, reason=f"no recordings: {DATA}/betfair/streams is empty (INGESTD_DATA names the folder)")
every_stream = pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)


class Shelf:
    """One store for the whole module: each recording gets into it once, whichever test asks first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._counts: dict[Path, dict[str, int]] = {}

    def load(self, command: Command, path: Path) -> dict[str, int]:
        """What the load of this recording counted."""
        if path not in self._counts:
            self._counts[path] = loaded(command, "betfair", [path], self.url)
        return self._counts[path]

    def facts(self, command: Command) -> dict[str, str]:
        """Digests of a store that holds every recording."""
        for path in STREAMS:
            self.load(command, path)
        return facts(self.url)


@pytest.fixture(scope="module")
def shelves(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shelf]]:
    """A store of each kind."""
    with ExitStack() as stack:
        yield {
            "sqlite": Shelf(f"sqlite:///{tmp_path_factory.mktemp('shelf') / 'store.db'}"),
            "postgresql": Shelf(stack.enter_context(database(request))),
        }


@pytest.fixture(params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, shelves: dict[str, Shelf]) -> Shelf:
    """The store of each kind in turn."""
    return shelves[request.param]


def facts(url: str) -> dict[str, str]:
    """Digests of what a store holds."""
    return asyncio.run(digest(url, SCHEMA))


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """What a store answers."""
    return asyncio.run(ask(url, statement))


async def replay(folder: Path, feed: str, path: Path, url: str, batch_rows: int) -> None:
    """Take the journal of a load into another store, in batches of this size."""
    clock = SystemClock()
    settings = Settings()
    reporter = build_reporter(settings.log.model_copy(update={"level": "error"}), clock, terminal=False)
    journal = await open_journal(settings, folder, clock)
    store = open_store(url, SCHEMA, clock)
    deathmark = Deathmark(folder / "deathmark")
    try:
        await store.prepare()
        run = new_run("replay", feed, clock)
        journal_id = await store.journal_id(journal.uid, str(folder))
        journal.seal()
        lane = Lane(feed, feed, recorded(feed, [path], FEEDS[feed], clock), Catalogue(), live=False)
        writer = Writer(store, clock, reporter)
        limits = Limits(rows=batch_rows, pace=0.0)
        loader = Loader(
            run,
            journal,
            journal_id,
            {feed: lane},
            Learner(lane.catalogue, writer, clock),
            writer,
            clock,
            reporter,
            deathmark,
            limits=limits,
        )
        await loader.run(await store.begin(run, journal_id, 0))
        await store.end(run, ended_at=clock.now(), status="done", counts=lane.counters)
    finally:
        deathmark.close()
        await journal.close()
        await store.close()


def journal_of(folder: Path) -> Path:
    """The one journal of a run below a folder."""
    (state,) = folder.rglob("deathmark")
    return state.parent


@needs_recordings
@every_stream
def test_every_recording(shelf: Shelf, path: Path, command: Command) -> None:
    """Native counts are the recording's own, and every update has one outcome (I6)."""
    stats: dict[str, Any] = json.loads((DATA / "STATS.json").read_text())["files"][f"betfair/streams/{path.name}"]  # type: ignore[explicit-any]
    counts = shelf.load(command, path)
    assert {name: counts[name] for name in ("lines", "mc", "rc")} == {name: stats[name] for name in ("lines", "mc", "rc")}
    assert counts["received"] == sum(counts[outcome] for outcome in OUTCOMES)
    assert (counts["frames"], counts["quarantined"]) == (stats["lines"], 0)
    assert counts["rows"] > 0


@needs_recordings
def test_both_databases_hold_the_same(shelves: dict[str, Shelf], command: Command) -> None:
    """Identical facts for identical input."""
    held = {kind: shelf.facts(command) for kind, shelf in shelves.items()}
    assert held["sqlite"] == held["postgresql"]
    assert [name for name, found in held["sqlite"].items() if found.startswith("0:")] == ["leagues", "quarantine"]


@needs_recordings
def test_again_backwards(shelf: Shelf, command: Command) -> None:
    """Everything a second time, the last file first: not one fact more, less or different."""
    before = shelf.facts(command)
    assert loaded(command, "betfair", STREAMS[::-1], shelf.url)["rows"] == 0
    assert facts(shelf.url) == before


@needs_recordings
def test_in_the_other_order(shelves: dict[str, Shelf], sqlite_url: str, command: Command) -> None:
    """The last file first, into an empty store."""
    loaded(command, "betfair", STREAMS[::-1], sqlite_url)
    assert facts(sqlite_url) == shelves["sqlite"].facts(command)


@needs_recordings
@pytest.mark.parametrize("batch_rows", [7, 5_000])
def test_again_from_the_journal(store_url: str, tmp_path: Path, batch_rows: int, command: Command) -> None:
    """The frames of a load, taken into an empty store in batches of another size, rebuild its facts (I3)."""
    path = next(path for path in STREAMS if "hist_greyhound" in path.name)
    first = f"sqlite:///{tmp_path / 'first.db'}"
    loaded(command, "betfair", [path], first)
    asyncio.run(replay(journal_of(tmp_path), "betfair", path, store_url, batch_rows))
    assert facts(store_url) == facts(first)


@needs_recordings
def test_an_archive_that_breaks_off(sqlite_url: str, tmp_path: Path, command: Command) -> None:
    """What came before the break is loaded; the break itself is in quarantine."""
    source = next(path for path in STREAMS if path.suffix == ".bz2")
    whole = bz2.decompress(source.read_bytes())
    cut = tmp_path / "cut.jsonl.bz2"
    # two archives, the second cut in its middle
    second = bz2.compress(whole)
    cut.write_bytes(bz2.compress(whole) + second[: len(second) // 2])
    counts = loaded(command, "betfair", [cut], sqlite_url)
    assert (counts["quarantined"], counts["changed"] > 0) == (1, True)
    assert counts["received"] == sum(counts[outcome] for outcome in OUTCOMES)
    assert rows(sqlite_url, "SELECT stage, category FROM quarantine") == [("decode", "unreadable")]


@pytest.mark.skipif(not MALFORMED, reason=f"no recordings: {DATA}/betfair/malformed is empty (INGESTD_DATA names the folder)")
@pytest.mark.parametrize("path", MALFORMED, ids=lambda path: path.name)
def test_a_malformed_file(store_url: str, path: Path, command: Command) -> None:
    """Ends in quarantine, with all that is needed to find it, and not in a crash."""
    counts = loaded(command, "betfair", [path], store_url)
    assert counts["received"] == counts["quarantined"] == counts["lines"] > 0
    found = rows(store_url, "SELECT source, stage, category, severity, reason, journal_offset, count, state FROM quarantine")
    assert len(found) == counts["quarantined"]
    for source, stage, category, severity, reason, offset, count, state in found:
        assert (source, stage, category, severity, count, state) == ("betfair", "decode", "shape", "error", 1, "open")
        assert (str(reason) != "", int(str(offset)) >> 40) == (True, 1)


def test_the_counts_are_in_the_store_as_well(sqlite_url: str, tmp_path: Path, command: Command) -> None:
    """A row of ``runs`` for each file, done, with what the command printed."""
    path = tmp_path / "one.jsonl"
    path.write_bytes(b"{\n")
    counts = loaded(command, "simulated", [path], sqlite_url, "--source", "sim")
    ((kind, source, status, said, error),) = rows(sqlite_url, "SELECT kind, source, status, counts, error FROM runs")
    assert (kind, source, status, error) == ("load", "sim", "done", "")
    stored = msgspec.json.decode(str(said), type=dict[str, int])
    assert {name: stored[name] for name in counts} == counts


BROKEN = {
    "missing file": ("betfair nowhere.jsonl", 78, "nowhere.jsonl: no such file"),
    "folder": ("betfair .", 78, "is a folder; name the files in it"),
    "zip": ("betfair packed.zip", 78, "packed.zip: is a zip archive; unpack it first"),
    "unknown feed": ("betfare good.jsonl", 78, "no feed 'betfare'; there are betfair, football_data, kalshi"),
    "no time": ("betfair good.jsonl --at yesterday", 78, "'yesterday' is no time"),
    "store of no kind": ("betfair good.jsonl --store mysql://x", 78, "store.url"),
    "store that is none": ("betfair good.jsonl --store sqlite:///letter.db", 78, "letter.db: cannot be read as a SQLite database"),
    "store that is away": ("betfair good.jsonl --store postgresql://u@127.0.0.1:1/x", 1, "the store cannot be reached"),
    "no configuration": ("betfair good.jsonl -c nowhere.yaml", 78, "nowhere.yaml"),
}
"""Loads that cannot go well: their words, exit code, and what the one line says."""


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_loaded(case: str, tmp_path: Path, command: Command) -> None:
    """One line that says what to do, and the exit code; nothing is printed that a program would take for an answer."""
    told, code, said = BROKEN[case]
    (tmp_path / "good.jsonl").write_bytes(b"{}\n")
    (tmp_path / "letter.db").write_bytes(b"This is no database, it is a letter to a friend.\n" * 40)
    (tmp_path / "packed.zip").write_bytes(b"PK\x03\x04 and so on")
    words = told if "--store" in told else f"{told} --store sqlite:///store.db"
    answer = command("load", *words.split(), "--json")
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert (answer.err.count("\n"), answer.err.startswith("ingestd: ")) == (1, True)


@pytest.mark.parametrize(
    ("content", "frames"), [(PNG, 3), (b"", 0), (b"\n\r\n\n", 0), (b"price,team\n1.5,home\n", 2)], ids=["png", "empty", "blank", "csv"]
)
def test_what_is_no_recording(store_url: str, tmp_path: Path, content: bytes, frames: int, command: Command) -> None:
    """A picture, a table, nothing at all: every line of it is in quarantine, and that is that."""
    path = tmp_path / "thing.jsonl"
    path.write_bytes(content)
    counts = loaded(command, "betfair", [path], store_url)
    assert (counts["frames"], counts["received"], counts["quarantined"]) == (frames, frames, frames)
    assert rows(store_url, "SELECT count(*) FROM quarantine") == [(frames,)]
    assert rows(store_url, "SELECT count(*) FROM odds") == [(0,)]
