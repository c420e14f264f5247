"""Closing prices by the actual start, from what a provider said to the view, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestd.clock import SystemClock
from ingestd.model import SECOND
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command
from tests.integration.conftest import loaded, running, sql

T = 1_700_000_000_000_000
MINUTE = 60 * SECOND
SOURCE = "sim"
CLOSED = "SELECT source_event_id, price, started_by, coverage_complete FROM closing_odds ORDER BY source_event_id"
Said = dict[str, object]


def fixture(event: str, t: int, starts: int, started: int | None = None, status: str = "scheduled") -> Said:
    """A match as the provider has it; times in UTC µs."""
    names = {"name": "Harrow v Marsham", "home": "Harrow", "away": "Marsham", "sport": "baseball", "league": "River Cup", "season": "2026"}
    return {"id": event, "t": t, **names, "starts": starts, "started": started, "status": status}


def image(fixtures: Sequence[Said], price: float) -> Said:
    """Everything that is on offer: on each match one price."""
    return {
        "op": "image", "part": 1, "parts": 1, "bookmakers": [["ns", "North Star", "book"]], "fixtures": list(fixtures), "results": [],
        "markets": [
            {"id": f"{one['id']}.1", "event": one["id"], "market": "moneyline", "period": "", "status": "open", "t": one["t"],
             "quotes": [[0, price, None, None, "open", one["t"], "ns", "home", "Harrow", "back"]]}
            for one in fixtures
        ],
    }  # fmt: skip


def priced(event: str, price: float) -> Said:
    """A price that moves."""
    return {"op": "delta", "market": f"{event}.1", "quotes": [[0, price, None, None, "open"]]}


def told(said: Said) -> Said:
    """A fixture that changes."""
    return {"op": "fixture", "fixture": said}


def recording(path: Path, statements: Sequence[tuple[int, Said]]) -> Path:
    """Statements at these minutes after T."""
    lines = [msgspec.json.encode({**said, "n": n, "t": T + minute * MINUTE}) for n, (minute, said) in enumerate(statements)]
    path.write_bytes(b"\n".join(lines))
    return path


def at(minute: int) -> int:
    """So many minutes after T."""
    return T + minute * MINUTE


EARLY = [
    (0, image([fixture("A", at(0), at(60))], 1.5)),
    (50, priced("A", 1.6)),
    (55, told(fixture("A", at(55), at(60), at(55), "in_play"))),
    (57, priced("A", 9.0)),
    (70, priced("A", 9.5)),
]
POSTPONED = [
    (0, image([fixture("A", at(0), at(60))], 1.5)),
    (59, told(fixture("A", at(59), at(120), status="postponed"))),
    (90, priced("A", 1.7)),
    (119, told(fixture("A", at(119), at(300), status="postponed"))),
    (200, priced("A", 1.8)),
    (302, priced("A", 1.9)),
    (303, told(fixture("A", at(303), at(300), at(303), "in_play"))),
    (304, priced("A", 9.0)),
]
DOUBLE = [
    (0, image([fixture("A", at(0), at(60)), fixture("B", at(0), at(240))], 1.5)),
    (59, priced("A", 1.6)),
    (61, told(fixture("A", at(61), at(60), at(61), "in_play"))),
    (62, priced("B", 1.7)),
    (63, priced("A", 9.0)),
    (200, told(fixture("A", at(200), at(60), at(61), "finished"))),
    (230, priced("B", 1.8)),
    (245, told(fixture("B", at(245), at(240), at(245), "in_play"))),
    (246, priced("B", 8.0)),
]
SCHEDULED = [
    (0, image([fixture("A", at(0), at(60))], 1.5)),
    (59, priced("A", 1.6)),
    (61, priced("A", 9.0)),
]
DIED = [
    (0, image([fixture("A", at(0), at(60))], 1.5)),
    (50, priced("A", 1.6)),
]
CASES = {
    "started early": (EARLY, [("A", 1.6, "in_play", True)]),
    "postponed twice": (POSTPONED, [("A", 1.9, "in_play", True)]),
    "a doubleheader": (DOUBLE, [("A", 1.6, "in_play", True), ("B", 1.8, "in_play", True)]),
    "only the timetable is known": (SCHEDULED, [("A", 1.6, "schedule", True)]),
    "nothing came in the last ten minutes": (DIED, [("A", 1.6, "schedule", False)]),
}


@pytest.mark.parametrize("name", CASES)
def test_of_a_recording(store_url: str, tmp_path: Path, command: Command, name: str) -> None:
    """The last price before the match really began, whatever the timetable said."""
    statements, wanted = CASES[name]
    loaded(command, "simulated", [recording(tmp_path / "match.jsonl", statements)], store_url, "--source", SOURCE)
    assert sql(store_url, CLOSED) == wanted


@asynccontextmanager
async def exchange(sessions: Sequence[Sequence[Said]], ready: asyncio.Event) -> AsyncIterator[str]:
    """Says the statements of one session after the other, and cuts the link after each; the last waits until it is ``ready``. Its URL."""
    left = iter(sessions)
    number = 0

    async def speak(link: ServerConnection) -> None:
        nonlocal number
        await link.recv()
        await link.send('{"op": "welcome", "n": 0, "run": "r1", "session": 1, "resumed": false, "heartbeat_ms": 1000, "window": 10}')
        said = next(left)
        if said is sessions[-1]:
            await ready.wait()
        for statement in said:
            number += 1
            await link.send(msgspec.json.encode({**statement, "n": number, "t": SystemClock().now()}), text=True)
        if said is sessions[-1]:
            await link.wait_closed()

    async with serve(speak, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_feed_that_died_before_the_start(store_url: str, tmp_path: Path) -> None:
    """Its last price is the closing one, and is marked: when the match began nobody was watching, though an image repaired it later."""
    now = SystemClock().now()
    starts = now + 3_600 * SECOND
    before, after = [image([fixture("A", now, starts)], 1.5), priced("A", 1.6)], list[Said]()
    ready = asyncio.Event()
    async with exchange([before, after], ready) as url:
        settings = {"store": {"url": store_url}, "sources": [{"name": SOURCE, "feed": "simulated", "url": url}]}
        async with running(settings, tmp_path) as daemon:
            await daemon.read(SOURCE, 1 + len(before))
            # the link is cut, and before there is an image again the match begins
            started = SystemClock().now()
            after.append(image([fixture("A", started + 1, starts, started, "in_play")], 9.0))
            ready.set()
            await daemon.read(SOURCE, 3 + len(before) + len(after))
    assert await ask(store_url, CLOSED) == [("A", 1.6, "in_play", False)]
    assert await ask(store_url, "SELECT coverage_state FROM closing_odds") == [("gap",)]
