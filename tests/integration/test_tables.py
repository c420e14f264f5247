"""Every table that a price passes on its road, row by row, from a recording written by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestd.model import SECOND, hash64
from tests.conftest import Command
from tests.integration.conftest import loaded, running, table

T = 1_790_000_000_000_000
"""2026-09-21 14:13:20 UTC."""
SOURCE = "sim"
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
    {"op": "result", "result": {"event": "E1", "period": "", "t": T + 8 * SECOND, "home": 2, "away": 1, "winner": "home", "state": "final"}},
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
    "source": SOURCE, "event_id": EVENT, "source_event_id": "E1", "source_market_id": "E1.1", "scope_kind": "market", "scope_id": "E1.1",
    "market": "match_odds", "period": "", "first_seen_at": T, "changed_at": T,
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
            "league": "River Cup", "home": "Harrow", "away": "Marsham", **SAID_OF_E1, "changed_at": at(6), "seq": 0,
        }
    ],
    "results": [
        {
            "event_id": EVENT, "period": "", "source": SOURCE, "home_score": 2, "away_score": 1, "winner": "home", "state": "final",
            "changed_at": at(8),
        }
    ],
    "markets": [
        {
            "source": SOURCE, "source_market_id": "E1.1", "event_id": EVENT, "market": "match_odds", "period": "", "status": "settled",
            "changed_at": at(7), "seq": 0,
        }
    ],
    "selections": [
        {
            "selection_id": HOME, "identity": "1|sim|E1.1|ns|home|back", "bookmaker_id": NORTH, "outcome": "home", "participant": "Harrow",
            "side": "back", **SELECTION,
        },
        {
            "selection_id": AWAY, "identity": "1|sim|E1.1|hx|away|lay", "bookmaker_id": HARBOUR, "outcome": "away",
            "participant": "Marsham", "side": "lay", **SELECTION,
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
ELSEWHERE = {"committed_at", "journal_offset", "quarantine_id"}


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
