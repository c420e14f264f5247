"""Every table that a price passes on its road, row by row, from a recording written by hand."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestd.clock import SystemClock
from ingestd.model import SECOND, hash64
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command
from tests.integration.conftest import loaded, running, sql, table

T = 1_700_000_000_000_000
"""2023-11-14 22:13:20 UTC; past on every clock, as times to come count as none."""
SOURCE = "sim"
ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
FIXTURE = {
    "id": "E1", "t": T, "sport": "football", "league": "River Cup", "season": "2026", "name": "Harrow v Marsham", "home": "Harrow",
    "away": "Marsham", "starts": T + 60 * SECOND, "started": None, "status": "scheduled",
}  # fmt: skip
MARKET = {
    "id": "E1.1", "event": "E1", "market": "match_odds", "period": "", "status": "open", "t": T,
    "quotes": [
        [0, 1.8, None, None, "open", T, "ns", "home", "Harrow", "back"],
        [1, 2.5, 50.0, None, "open", T, "hx", "away", "Marsham", "lay"],
    ],
}  # fmt: skip
STATEMENTS: list[dict[str, object]] = [
    {"op": "image", "part": 1, "parts": 1, "bookmakers": [["ns", "North Star", "book"], ["hx", "Harbour Exchange", "exchange"]],
     "fixtures": [FIXTURE], "results": [], "markets": [MARKET]},
    {"op": "delta", "market": "E1.1", "quotes": [[0, 1.9, None, None, "open"], [1, 2.5, 50.0, None, "open"]]},
    {"op": "status", "market": "E1.1", "status": "suspended"},
    {"op": "delta", "market": "E1.1", "quotes": [[0, 2.0, None, None, "open"], [1, "dear", 50.0, None, "open"]]},
    {"op": "status", "market": "E1.1", "status": "open"},
    {"op": "withdraw", "market": "E1.1", "selections": [1]},
    {"op": "fixture", "fixture": {**FIXTURE, "t": T + 6 * SECOND, "started": T + 6 * SECOND, "status": "in_play"}},
    {"op": "settle", "market": "E1.1", "results": [[0, "won"]]},
    {"op": "result",
     "result": {"event": "E1", "period": "", "t": T + 8 * SECOND, "home": 2, "away": 1, "winner": "home", "state": "final"}},
]  # fmt: skip
LINES = [msgspec.json.encode({**statement, "n": n, "t": T + n * SECOND}) for n, statement in enumerate(STATEMENTS)]
"""One a second, from T on."""

EVENT = hash64("event", SOURCE, "E1")
LEAGUE = hash64("league", "football", "River Cup")
HARROW, MARSHAM = hash64("team", "football", "Harrow"), hash64("team", "football", "Marsham")
NORTH, HARBOUR = hash64("bookmaker", "North Star"), hash64("bookmaker", "Harbour Exchange")
HOME, AWAY = hash64("1", SOURCE, "E1.1", "ns", "home", "back"), hash64("1", SOURCE, "E1.1", "hx", "away", "lay")
SAID_OF_E1 = {
    "sport": "football", "league_id": LEAGUE, "season": "2026", "home_team_id": HARROW, "away_team_id": MARSHAM,
    "name": "Harrow v Marsham", "starts_at": T + 60 * SECOND, "started_at": T + 6 * SECOND, "started_by": "in_play", "status": "in_play",
}  # fmt: skip
SELECTION = {
    "source": SOURCE, "source_event_id": "E1", "source_market_id": "E1.1", "scope_kind": "market", "scope_id": "E1.1",
    "market": "match_result", "period": "", "first_seen_at": T, "changed_at": T,
}  # fmt: skip


def at(second: int) -> int:
    """UTC µs so many seconds after T."""
    return T + second * SECOND


def change(selection: int, second: int, price: float, status: str, result: str = "") -> dict[str, object]:
    """A row of the history."""
    size = {"size": 50.0} if selection == AWAY else {"size": None}
    return {
        "selection_id": selection, "changed_at": at(second), "seq": 0, "price": price, "line": None, **size, "status": status,
        "result": result, "time_basis": "provider", "received_at": at(second),
    }  # fmt: skip


EXPECTED: dict[str, list[dict[str, object]]] = {
    "leagues": [{"id": LEAGUE, "sport": "football", "name": "River Cup"}],
    "teams": [{"id": HARROW, "sport": "football", "name": "Harrow"}, {"id": MARSHAM, "sport": "football", "name": "Marsham"}],
    "bookmakers": [
        {"id": NORTH, "name": "North Star", "kind": "book"},
        {"id": HARBOUR, "name": "Harbour Exchange", "kind": "exchange"},
    ],
    "events": [{"event_id": EVENT, **SAID_OF_E1}],
    "event_links": [
        {
            "source": SOURCE, "source_event_id": "E1", "event_id": EVENT, "score": 1.0, "state": "auto", "evidence": "",
            "flipped": 0, "parent": "", "candidate_id": None,
            "league": "River Cup", "home": "Harrow", "away": "Marsham", **SAID_OF_E1, "changed_at": at(6), "seq": 0,
        }
    ],
    "results": [
        {
            "source": SOURCE, "source_event_id": "E1", "period": "", "home_score": 2, "away_score": 1, "winner": "home", "state": "final",
            "changed_at": at(8),
        }
    ],
    "markets": [
        {
            "source": SOURCE, "source_market_id": "E1.1", "source_event_id": "E1", "market": "match_result", "period": "",
            "status": "settled", "changed_at": at(7), "seq": 0,
        }
    ],
    "selections": [
        {
            "selection_id": HOME, "identity": "1|sim|E1.1|ns|home|back", "bookmaker_id": NORTH, "outcome": "home", "participant": "",
            "side": "back", **SELECTION,
        },
        {
            "selection_id": AWAY, "identity": "1|sim|E1.1|hx|away|lay", "bookmaker_id": HARBOUR, "outcome": "away",
            "participant": "", "side": "lay", **SELECTION,
        },
    ],
    "odds": [
        {
            "selection_id": HOME, "price": 2.0, "line": None, "size": None, "own_status": "settled", "result": "won", "changed_at": at(7),
            "seq": 0, "time_basis": "provider", "received_at": at(7),
        },
        {
            "selection_id": AWAY, "price": 2.5, "line": None, "size": 50.0, "own_status": "withdrawn", "result": "", "changed_at": at(7),
            "seq": 0, "time_basis": "provider", "received_at": at(7),
        },
    ],
    "odds_history": [
        change(HOME, 0, 1.8, "open"),
        change(HOME, 1, 1.9, "open"),
        change(HOME, 2, 1.9, "suspended"),
        change(HOME, 3, 2.0, "suspended"),
        change(HOME, 4, 2.0, "open"),
        change(HOME, 7, 2.0, "settled", "won"),
        change(AWAY, 0, 2.5, "open"),
        change(AWAY, 2, 2.5, "suspended"),
        change(AWAY, 4, 2.5, "open"),
        change(AWAY, 5, 2.5, "withdrawn"),
        change(AWAY, 7, 2.5, "settled"),
    ],
    "coverage": [
        {
            "source": SOURCE, "scope_kind": "source", "scope_id": "", "began_at": T, "ended_at": at(8), "seen_until": at(8),
            "state": "complete", "reason": "", "repaired_by": "",
        }
    ],
    "quarantine": [
        {
            "source": SOURCE, "stage": "decode", "category": "shape", "severity": "error",
            "reason": "Expected `float`, got `str` - at `$[1]`", "path": "quotes[1]", "decoded": '[1,"dear",50.0,null,"open"]', "error": "",
            "count": 1, "first_at": at(3), "last_at": at(3), "attempts": 0, "state": "open",
        }
    ],
}  # fmt: skip
"""What the statements say, table by table; columns left out depend on when and where it ran."""
ELSEWHERE = {"committed_at", "journal_offset", "quarantine_id", "revision"}


def shown(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """In an order of their own, without what depends on when and where it ran."""
    return sorted(({name: row[name] for name in sorted(row) if name not in ELSEWHERE} for row in rows), key=repr)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The statements as a file."""
    path = tmp_path / "match.jsonl"
    path.write_bytes(b"\n".join(LINES))
    return path


@pytest.mark.parametrize("name", EXPECTED)
def test_of_a_recording(store_url: str, recording: Path, name: str, command: Command) -> None:
    """The rows of one table after a load."""
    loaded(command, "simulated", [recording], store_url, "--source", SOURCE)
    assert shown(asyncio.run(table(store_url, name))) == shown(EXPECTED[name])


@asynccontextmanager
async def exchange() -> AsyncIterator[str]:
    """Says the statements to whoever connects, then that it is alive; its URL."""

    async def speak(link: ServerConnection) -> None:
        await link.recv()
        await link.send('{"op": "welcome", "n": 0, "run": "r1", "session": 1, "resumed": false, "heartbeat_ms": 1000, "window": 10}')
        for line in LINES:
            await link.send(line, text=True)
        await link.wait_closed()

    async with serve(speak, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Recorded(NamedTuple):
    """What a live daemon left behind: its store, when it ran (µs), and its journal."""

    url: str
    began: int
    ended: int
    journal: str
    uid: str

    def during(self, *moments: object) -> bool:
        """Whether these times lie, in this order, within the daemon's life."""
        times = [self.began, *(int(str(moment)) for moment in moments), self.ended]
        return times == sorted(times)


@pytest.fixture
async def recorded(store_url: str, tmp_path: Path) -> Recorded:
    """The statements, said to a live daemon, which was then stopped."""
    began = SystemClock().now()
    async with exchange() as url:
        settings = {"store": {"url": store_url}, "sources": [{"name": SOURCE, "feed": "simulated", "url": url}]}
        async with running(settings, tmp_path) as daemon:
            await daemon.read(SOURCE, 1 + len(LINES))
            uid = daemon.daemon.journal.uid
    return Recorded(store_url, began, SystemClock().now(), str(tmp_path / "journal"), uid)


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"coverage", "quarantine"}))
async def test_of_a_live_source(recorded: Recorded, name: str) -> None:
    """The same rows, but for when they came."""
    # how a selection is described counts from the frame that says it
    came = ("received_at", "first_seen_at", *(["changed_at"] if name == "selections" else []))
    found = [{key: value for key, value in row.items() if key not in came} for row in await table(recorded.url, name)]
    wanted = [{key: value for key, value in row.items() if key not in came} for row in EXPECTED[name]]
    assert shown(found) == shown(wanted)


async def test_when_it_came_and_from_where(recorded: Recorded) -> None:
    """Received, then committed; the offset names the frame, and one commit holds what one frame said."""
    history = sorted(await table(recorded.url, "odds_history"), key=lambda row: int(str(row["journal_offset"])))
    assert all(recorded.during(row["received_at"], row["committed_at"]) for row in history)
    # 1 is the opening of the session, 2 the image; 5 said a price and was half rejected
    assert [int(str(row["journal_offset"])) - (1 << 40) for row in history] == [2, 2, 3, 4, 4, 5, 6, 6, 7, 9, 9]
    (rejected,) = await table(recorded.url, "quarantine")
    assert int(str(rejected["journal_offset"])) - (1 << 40) == 5
    assert recorded.during(rejected["first_at"], rejected["last_at"])
    for row in await table(recorded.url, "odds"):
        assert recorded.during(row["received_at"], row["committed_at"])


async def test_sources(recorded: Recorded) -> None:
    """Where it stands, since when, and every frame and update accounted for (I6)."""
    (row,) = await table(recorded.url, "sources")
    assert (row["source"], row["feed"], row["state"], row["reason"]) == (SOURCE, "simulated", "stopped", "stopped")
    assert row["silence_limit"] == (5 + 10) * SECOND
    assert recorded.during(row["last_changed_at"], row["last_received_at"], row["since"])
    assert row["alive_at"] == row["last_received_at"]
    counters = json.loads(str(row["counters"]))
    frames = {"frames": 11, "read": 11, "dropped": 0, "ordinal": 11, "data": 9}
    updates = {"received": 16, "changed": 13, "unchanged": 2, "quarantined": 1, "filtered": 0, "duplicate": 0, "stale": 0}
    words = {"unknown_market": 0, "unknown_period": 0, "unknown_outcome": 0}
    assert counters == {**frames, **updates, **words, "rows": 11}


async def test_coverage(recorded: Recorded) -> None:
    """Complete from the image to the last frame, and then not connected, which is where it stands."""
    complete, down = await table(recorded.url, "coverage")
    assert [(row["scope_kind"], row["scope_id"], row["state"], row["reason"]) for row in (complete, down)] == [
        ("source", "", "complete", ""),
        ("source", "", "down", "stopped"),
    ]
    assert (complete["ended_at"], down["ended_at"]) == (down["began_at"], None)
    assert recorded.during(complete["began_at"], complete["seen_until"], down["seen_until"])


async def test_runs_journals_and_checkpoints(recorded: Recorded) -> None:
    """One run that ended, one journal read to its end, by one who held the fence."""
    (run,) = await table(recorded.url, "runs")
    (journal,) = await table(recorded.url, "journals")
    (checkpoint,) = await table(recorded.url, "checkpoints")
    assert (run["kind"], run["source"], run["status"], run["error"]) == ("live", "", "stopped", "")
    assert recorded.during(run["started_at"], run["ended_at"])
    assert (journal["journal_id"], journal["uid"], journal["path"]) == (1, recorded.uid, recorded.journal)
    assert recorded.during(journal["created_at"], checkpoint["updated_at"])
    assert [checkpoint[name] for name in ("reader", "journal_id", "position", "fence")] == ["live", 1, 11, 1]


async def test_views(recorded: Recorded) -> None:
    """What people see of it: names, times, what is over, first and last prices, the whole history."""
    said = {"bookmaker": "North Star", "event": "Harrow v Marsham", "league": "River Cup", "market": "match_result", "outcome": "home"}
    names = ", ".join(said)
    current = await ask(recorded.url, f"SELECT {names}, price, american, status, result, live FROM current_odds WHERE side = 'back'")
    assert [(*row[:-1], bool(row[-1])) for row in current] == [(*said.values(), 2.0, 100, "settled", "won", False)]
    assert await ask(recorded.url, "SELECT count(*) FROM best_odds") == [(0,)]
    prices = "SELECT price, status FROM price_history WHERE side = 'back' ORDER BY valid_from"
    assert await ask(recorded.url, prices) == [
        *[(1.8, "open"), (1.9, "open"), (1.9, "suspended")],
        *[(2.0, "suspended"), (2.0, "open"), (2.0, "settled")],
    ]
    assert await ask(recorded.url, "SELECT bookmaker, price FROM opening_odds ORDER BY bookmaker") == [
        ("Harbour Exchange", 2.5),
        ("North Star", 1.8),
    ]
    # the match began at second 6
    assert await ask(recorded.url, "SELECT price, started_by FROM closing_odds WHERE side = 'back'") == [(2.0, "in_play")]
    rows = await ask(recorded.url, "SELECT DISTINCT selection_id, valid_from, seq FROM trusted_history")
    assert len(rows) == len(EXPECTED["odds_history"])
    # the provider's times lie years before anybody looked: what stood then is known from the image on
    assert await ask(recorded.url, "SELECT DISTINCT status FROM trusted_history WHERE coverage_state = 'complete'") == [("settled",)]


def conditions() -> list[str]:
    """What docs/tables.md says of moments and trust."""
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    return re.findall(r"`(?:price_history where |trusted_history where )?((?:valid_from|coverage_state) [^`]*)`", page)


def test_the_conditions_in_the_documentation(store_url: str, tmp_path: Path, command: Command) -> None:
    """At a time, as known at that time, and only what can be trusted; with a price that was learnt of later."""
    early, late = tmp_path / "early.jsonl", tmp_path / "late.jsonl"
    early.write_bytes(LINES[0])
    late.write_bytes(b"\n".join((LINES[0], LINES[1])))
    loaded(command, "simulated", [early], store_url, "--source", SOURCE)
    between = datetime.now(UTC).strftime(ISO)
    loaded(command, "simulated", [late], store_url, "--source", SOURCE)
    after = datetime.now(UTC).strftime(ISO)
    at_a_time, as_known, trusted = conditions()

    def prices(view: str, condition: str, moment: str = "") -> list[object]:
        where = re.sub(r"\bT\b", f"'{moment}'", condition)
        return [row[0] for row in sql(store_url, f"SELECT price FROM {view} WHERE outcome = 'home' AND {where}")]

    moments = [datetime.fromtimestamp((T + offset) / SECOND, UTC).strftime(ISO) for offset in (-1, 0, SECOND, SECOND + 1)]
    assert [prices("price_history", at_a_time, moment) for moment in moments] == [[], [1.8], [1.9], [1.9]]
    assert [prices("price_history", as_known, moment) for moment in (moments[-1], between, after)] == [[], [1.8], [1.9]]
    assert sorted(map(str, prices("trusted_history", trusted))) == ["1.8", "1.9"]
