"""The daemon on Betfair's stream, over real TLS: cut, resumed, refused, fed with garbage."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import pytest

from ingestd.app import Daemon
from ingestd.settings import Settings
from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator
from ingestd.testing.betfair_oracle import Key, Row, history
from ingestd.testing.harness import running

WITHIN = 20.0
Rows = dict[Key, list[Row]]


def settings(folder: Path, emulator: BetfairEmulator, **options: object) -> Settings:
    """One source on the emulator, names included, into SQLite."""
    source = {
        "name": "bf",
        "feed": "betfair",
        "app_key": APP_KEY,
        "session_token": SESSION,
        "market_ids": list(emulator.world.market_ids),
        "heartbeat_ms": 500,
        "host": emulator.host,
        "port": emulator.port,
        "tls_ca_file": str(emulator.ca_file),
        "login_url": f"{emulator.rest.url}/api/certlogin",
        "keep_alive_url": f"{emulator.rest.url}/api/keepAlive",
        "catalogue_url": f"{emulator.rest.url}/listMarketCatalogue/",
        **options,
    }
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{folder}/odds.db"},
            "journal": {"path": folder / "journal"},
            "http": {"port": 0},
            "log": {"level": "error"},
            "sources": [source],
        }
    )


@contextlib.asynccontextmanager
async def recording(found: Settings) -> AsyncIterator[Daemon]:
    """A daemon at work; it drains at the end."""
    async with running(found) as one:
        yield one.daemon


def ask(folder: Path, question: str) -> list[tuple[str, ...]]:
    """Rows of the store, as text."""
    with contextlib.closing(sqlite3.connect(folder / "odds.db")) as db:
        return [tuple("" if value is None else str(value) for value in row) for row in db.execute(question)]


def stored(folder: Path) -> Rows:
    """The history by price, as the oracle tells it."""
    found: Rows = {}
    columns = "s.identity, h.changed_at, h.price, h.size, h.status, h.result"
    joined = "odds_history AS h JOIN selections AS s USING (selection_id)"
    with contextlib.closing(sqlite3.connect(folder / "odds.db")) as db:
        for identity, *row in db.execute(f"SELECT {columns} FROM {joined} ORDER BY h.changed_at, h.seq"):
            _, _, market, runner, hc, side = identity.split("|")
            found.setdefault((market, int(runner), float(hc), side), []).append(Row(*row))
    return found


def latest(folder: Path) -> dict[str, tuple[str, ...]]:
    """Every price as it is now, by identity."""
    question = "SELECT s.identity, c.price, c.size, c.status, c.result FROM current_odds AS c JOIN selections AS s USING (selection_id)"
    return {row[0]: row[1:] for row in ask(folder, question)}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.05)


async def until_stored(folder: Path, emulator: BetfairEmulator) -> None:
    """Everything that the emulator told is in the store, and nothing else; if it does not come, say what differs."""
    deadline = time.monotonic() + WITHIN
    while stored(folder) != history(emulator.world, emulator.received()) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert stored(folder) == history(emulator.world, emulator.received())


async def cut_off(emulator: BetfairEmulator) -> None:
    """Break the connection, and see it gone; the client may be back at once."""
    links = list(emulator.links)
    emulator.cut()
    await until(lambda: not any(link in emulator.links for link in links))


async def play(folder: Path, seed: int, cuts: int) -> BetfairEmulator:
    """The same script with any number of cuts in it, recorded; returns the emulator, which has ended."""
    draw = Random(seed)
    async with BetfairEmulator(folder, seed=seed, pts_from=(time.time_ns() // 1_000_000) - 86_400_000) as emulator:
        async with recording(settings(folder, emulator, names=False)) as daemon:
            await until(lambda: daemon.progress().received > 0)
            for round_ in range(4):
                await emulator.step(draw.randint(5, 30), closing=0.002)
                if round_ < cuts:
                    await cut_off(emulator)
                for _ in range(draw.randint(1, 40)):
                    emulator.world.step(closing=0.002)
                await until(lambda: emulator.connections() == 1 and len(emulator.requests("marketSubscription")) > 0)
                await emulator.publish()
            await until_stored(folder, emulator)
        return emulator


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two to compare."""
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    cut.mkdir()
    whole.mkdir()
    return cut, whole


@pytest.mark.parametrize("seed", range(3))
async def test_a_cut_stream_lacks_exactly_what_was_conflated(folders: tuple[Path, Path], seed: int) -> None:
    """The prices end where the undisturbed run's do, the history lacks what was merged, and coverage names each interval."""
    cut, whole = folders
    await play(cut, seed, cuts=3)
    await play(whole, seed, cuts=0)
    assert latest(cut) == latest(whole)
    lacking = {key: len(rows) - len(stored(cut).get(key, [])) for key, rows in stored(whole).items()}
    assert sum(lacking.values()) > 0
    states = ask(cut, "SELECT state, reason, repaired_by FROM coverage WHERE scope_kind = 'source' ORDER BY began_at")
    complete, gap = ("complete", "", ""), ("gap", "closed", "resume")
    assert [state for state in states[:-1] if state[0] != "complete"] == [gap] * 3
    assert states[::2][:4] == [complete] * 4
    assert [state[0] for state in ask(whole, "SELECT state FROM coverage WHERE scope_kind = 'source' ORDER BY began_at")] == [
        "complete",
        "down",
    ]


async def test_stale_clocks_are_an_image_and_a_gap(tmp_path: Path) -> None:
    """What happened between is lost, and coverage says so."""
    began = (time.time_ns() // 1_000_000) - 86_400_000
    async with BetfairEmulator(tmp_path, pts_from=began) as emulator, recording(settings(tmp_path, emulator, names=False)) as daemon:
        await until(lambda: daemon.progress().received > 0)
        await emulator.step(10)
        await until_stored(tmp_path, emulator)
        emulator.drop_clocks()
        await cut_off(emulator)
        for _ in range(20):
            emulator.world.step()
        await until(lambda: any(delivery.kind == "image" for delivery in emulator.deliveries[1:]))
        await until_stored(tmp_path, emulator)
    assert ("gap", "image") in ask(tmp_path, "SELECT state, repaired_by FROM coverage WHERE scope_kind = 'source'")


async def test_names_come_from_the_catalogue(tmp_path: Path) -> None:
    """The stream has none: events and runners are named all the same."""
    async with BetfairEmulator(tmp_path) as emulator, recording(settings(tmp_path, emulator)):
        named = "SELECT 1 FROM events WHERE name <> ''"
        await until(lambda: (tmp_path / "odds.db").exists() and bool(ask(tmp_path, "SELECT 1 FROM sqlite_master WHERE name = 'events'")))
        await until(lambda: bool(ask(tmp_path, named)) and not ask(tmp_path, "SELECT 1 FROM selections WHERE participant = ''"))
        assert ask(tmp_path, "SELECT 1 FROM events WHERE name = ''") == []


async def test_a_wrong_key_parks_the_source_and_nothing_else(tmp_path: Path) -> None:
    """Health warns and says why; the daemon goes on."""
    async with BetfairEmulator(tmp_path) as emulator, recording(settings(tmp_path, emulator, app_key="wrong")) as daemon:
        await until(lambda: daemon.collectors["bf"].status.state == "parked")
        assert daemon.collectors["bf"].status.reason != ""
        assert daemon.supervisor.life.state == "running"


HOSTILE = (
    b"{ this is no JSON",
    b'{"op":"mcm","id":ID,"pt":"soon","mc":7}',
    b'{"op":"mcm","id":ID,"pt":1,"mc":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'\xff\xfe{"op":"mcm"}',
)


@pytest.mark.parametrize("line", HOSTILE, ids=["no JSON", "wrong types", "deep", "no UTF-8"])
async def test_a_bad_frame_is_quarantined_and_the_rest_goes_on(tmp_path: Path, line: bytes) -> None:
    """With stage, category, reason and offset; a fresh image repairs what was lost."""
    began = (time.time_ns() // 1_000_000) - 86_400_000
    async with BetfairEmulator(tmp_path, pts_from=began) as emulator, recording(settings(tmp_path, emulator, names=False)) as daemon:
        await until(lambda: daemon.progress().received > 0)
        await emulator.step(5)
        images = sum(delivery.kind == "image" for delivery in emulator.deliveries)
        subscription = emulator.requests("marketSubscription")[-1]["id"]
        await emulator.garbage(line.replace(b"ID", str(subscription).encode()))
        await until(lambda: bool(ask(tmp_path, "SELECT 1 FROM quarantine")))
        await until(lambda: sum(delivery.kind == "image" for delivery in emulator.deliveries) > images)
        await emulator.step(5)
        await until(lambda: daemon.lanes["bf"].coverage.whole)
        await until(lambda: stored(tmp_path).keys() == history(emulator.world, emulator.received()).keys())
    ((stage, category, reason, offset),) = ask(tmp_path, "SELECT stage, category, reason, journal_offset FROM quarantine")
    assert (stage, bool(category), bool(reason), int(offset) > 0) == ("decode", True, True, True)
