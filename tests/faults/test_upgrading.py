"""One version meets what another has left: it reads it, or ends with 78 and one line that says what to do; two at once never both write."""

import asyncio
import signal
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestd.journal import segment
from ingestd.journal.state import FORMAT, NAME, load, save
from ingestd.store.connect import connect_postgres, target
from ingestd.testing.exchange.process import Started
from ingestd.testing.rig.daemon import SCHEMA, DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import ask, journal_frames, loaded
from ingestd.testing.rig.kills import finished

ABSENT = "ws://127.0.0.1:9"
"""Nobody listens there."""
SESSION = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ingestd' AND pid <> pg_backend_pid()"


async def refusal(process: DaemonProcess) -> tuple[int, list[str]]:
    """The exit code of a daemon that does not start, and all that it says of it."""
    await process.spawn()
    code = await process.ended(30)
    return code, process.lines()


async def recorded(process: DaemonProcess, url: str) -> None:
    """A life with some frames, which all reach the store."""

    async def begun() -> bool:
        return (await loaded(url)).frames > 0

    await process.start()
    await until(begun, "the first frames are in the store")
    assert await process.stop() == 0


@pytest.mark.parametrize(
    ("written", "hint"), [(FORMAT + 1, "install the newer one again"), (0, "let the older one put everything into the store")]
)
async def test_a_journal_of_another_format(tmp_path: Path, sqlite_url: str, exchange: Started, written: int, hint: str) -> None:
    """Nothing of it is touched, and the version that wrote it goes on with it."""
    async with daemon(tmp_path, following(sqlite_url, exchange.url)) as process:
        await recorded(process, sqlite_url)
        state = load(process.journal)
        assert state is not None
        save(process.journal, replace(state, format=written))
        before = {path.name: path.read_bytes() for path in process.journal.iterdir() if path.name != "lock"}
        code, said = await refusal(process)
        assert (code, len(said), hint in said[0], "journal.path" in said[0]) == (78, 1, True, True)
        assert {path.name: path.read_bytes() for path in process.journal.iterdir() if path.name != "lock"} == before
        save(process.journal, state)
        await recorded(process, sqlite_url)


async def test_segments_of_another_format_tell_it_too(tmp_path: Path, sqlite_url: str, exchange: Started) -> None:
    """Where the file that says so is gone: else what is sound would count as damage."""
    async with daemon(tmp_path, following(sqlite_url, exchange.url)) as process:
        await recorded(process, sqlite_url)
        path = next(process.journal.glob("*.segment"))
        with closing(sqlite3.connect(path)) as lite, lite:
            (uid,) = lite.execute("SELECT uid FROM journal").fetchone()
            lite.execute("UPDATE journal SET format = ?, digest = ?", (FORMAT + 1, segment._identity(uid, FORMAT + 1)))
        (process.journal / NAME).unlink()
        code, said = await refusal(process)
        assert (code, len(said), "install the newer one again" in said[0]) == (78, 1, True)


async def test_a_store_of_a_newer_version(tmp_path: Path, store_url: str) -> None:
    """It says which revision it found, and whose it is."""
    async with daemon(tmp_path, following(store_url, ABSENT)) as process:
        await process.start()
        assert await process.stop() == 0
        await execute(store_url, "UPDATE alembic_version SET version_num = '9999'")
        code, said = await refusal(process)
    assert (code, len(said)) == (78, 1)
    assert "schema is at revision '9999'" in said[0]
    assert "a newer ingestd made it; install that one" in said[0]


async def test_two_at_once_and_the_old_one_comes_back(tmp_path: Path, postgres_url: str, exchange: Started) -> None:
    """One that lost its session to another says so and ends with 1; from the takeover on, not a row is its own."""
    async with AsyncExitStack() as stack:
        old = await stack.enter_async_context(daemon(tmp_path / "old", following(postgres_url, exchange.url)))
        new = await stack.enter_async_context(daemon(tmp_path / "new", following(postgres_url, exchange.url)))
        await old.start()

        async def begun() -> bool:
            return (await loaded(postgres_url)).frames > 0

        await until(begun, "the old one is at work")
        old.send(signal.SIGSTOP)
        await ask_raw(postgres_url, SESSION)
        await new.start()

        async def taken() -> bool:
            return new.said("run.started")

        await until(taken, "the new one has the store")
        offsets = await ask(postgres_url, MINE)
        old.send(signal.SIGCONT)
        assert await old.ended(60) == 1
        assert [line for line in old.lines() if line.startswith("ingestd: ")] == [
            f"ingestd: store {target(postgres_url, SCHEMA).shown}, schema {SCHEMA}: another daemon has taken over"
        ]
        await asyncio.sleep(0.5)
        assert await ask(postgres_url, MINE) == offsets
        await finished(new, exchange.url, 0)
        assert await new.stop() == 0
        assert new.complaints() == []
    assert len(journal_frames(new.journal)) == (await loaded(postgres_url)).frames


MINE = "SELECT position, updated_at FROM checkpoints ORDER BY fence LIMIT 1"
"""How far the first daemon came: its row moves with each of its transactions and with nothing else."""


async def execute(url: str, statement: str) -> None:
    """SQL, on either kind of store."""
    if url.startswith("postgresql"):
        await ask_raw(url, statement)
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as lite, lite:
        lite.execute(statement)


async def ask_raw(url: str, statement: str) -> None:
    """SQL for PostgreSQL alone."""
    db = await connect_postgres(target(url, SCHEMA))
    try:
        await db.execute(statement)
    finally:
        await db.close()
