"""What cannot be true, or cannot even be read: in quarantine with place and reason, while its neighbours go on."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator
from ingestd.testing.harness import Running
from ingestd.testing.rig.daemon import until
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command
from tests.integration.conftest import loaded, running, sql

PT = 1_700_000_000_000
"""Milliseconds UTC; past on every clock."""


def definition(**more: object) -> dict[str, object]:
    """A match with two runners."""
    runners = [{"id": 101, "status": "ACTIVE", "name": "Harrow"}, {"id": 102, "status": "ACTIVE", "name": "Marsham"}]
    known = {"eventId": "9", "eventTypeId": "1", "marketType": "MATCH_ODDS", "bettingType": "ODDS", "status": "OPEN", "version": 1}
    return {
        **known,
        "marketTime": "2023-11-15T15:00:00.000Z",
        "eventName": "Harrow v Marsham",
        "name": "Match Odds",
        "runners": runners,
        **more,
    }


def line(second: int, *runners: object, market: str = "1.1", **more: object) -> str:
    """A message about one market."""
    return json.dumps({"op": "mcm", "pt": PT + 1000 * second, "mc": [{"id": market, "rc": list(runners), **more}]})


def back(runner: int, price: object, size: object = 10.0) -> dict[str, object]:
    """The best price to back a runner at."""
    return {"id": runner, "batb": [[0, price, size]]}


class Case(NamedTuple):
    """A line, and what is to be found in quarantine of it: stage, category, path. ``neighbour``: the other runner's price in it counts."""

    bad: bytes
    found: tuple[tuple[str, str, str], ...]
    neighbour: bool = True


NEIGHBOUR = json.dumps(back(102, 4.2))
CASES = {
    "no JSON": Case(b"{ not at all", (("decode", "json", ""),), neighbour=False),
    "cut off": Case(line(1, back(102, 4.2)).encode()[:-20], (("decode", "json", ""),), neighbour=False),
    "no UTF-8": Case(b'{"op":"\xff\xfe","mc":[]}', (("decode", "json", ""),), neighbour=False),
    "deep": Case(b'{"op":"mcm","mc":' + b"[" * 100_000 + b"]" * 100_000 + b"}", (("decode", "json", ""),), neighbour=False),
    "NaN": Case(line(1, back(102, 4.2), back(101, float("nan"))).encode(), (("decode", "json", ""),), neighbour=False),
    "1e999": Case(
        line(1, back(102, 4.2), back(101, 1)).replace("[[0, 1, 10.0]]", "[[0, 1e999, 10.0]]").encode(),
        (("decode", "shape", "mc[0].rc[1]"),),
    ),
    "below 1": Case(line(1, back(102, 4.2), back(101, 0.5)).encode(), (("validate", "price", "#1"),)),
    "wrong type": Case(line(1, back(102, 4.2), back(101, "dear")).encode(), (("decode", "shape", "mc[0].rc[1]"),)),
    "no number": Case(line(1, back(102, 4.2), {"id": "x", "ltp": 2.0}).encode(), (("decode", "shape", "mc[0].rc[1]"),)),
    "no element": Case(
        b'{"op":"mcm","pt":%d,"mc":[7,{"id":"1.1","rc":[%s]}]}' % (PT + 1000, NEIGHBOUR.encode()), (("decode", "shape", "mc[0]"),)
    ),
    "NUL in a name": Case(
        line(1, back(102, 4.2), marketDefinition=definition(eventName="a\0b", version=2)).encode(), (("validate", "text", "#0"),)
    ),
    "lone surrogate": Case(
        line(1, back(102, 4.2), marketDefinition=definition(eventName="a\ud800b", version=2)).encode(),
        (("decode", "json", ""),),
        neighbour=False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_in_a_recording(store_url: str, tmp_path: Path, name: str, command: Command) -> None:
    """One bad line between good ones."""
    case = CASES[name]
    path = tmp_path / "match.jsonl"
    image = line(0, back(101, 2.0), back(102, 4.0), img=True, marketDefinition=definition())
    after = line(2, back(101, 2.2), back(102, 4.4))
    path.write_bytes(b"\n".join((image.encode(), case.bad, after.encode())))
    counts = loaded(command, "betfair", [path], store_url)
    assert (counts["frames"], counts["quarantined"]) == (3, len(case.found))
    found = sql(store_url, "SELECT stage, category, path, reason, journal_offset, state FROM quarantine")
    rows = "odds_history AS h JOIN selections AS s ON s.selection_id = h.selection_id"
    history = f"SELECT price FROM {rows} WHERE identity LIKE '%|102|%' ORDER BY h.changed_at"
    prices = [row[0] for row in sql(store_url, history)]
    assert prices == ([4.0, 4.2, 4.4] if case.neighbour else [4.0, 4.4])
    assert [row[0] for row in sql(store_url, "SELECT price FROM odds ORDER BY price")] == [2.2, 4.4]
    assert [row[:3] for row in found] == list(case.found)
    # 1 is the opening, 2 the image
    assert [(row[3] != "", row[4], row[5]) for row in found] == [(True, (1 << 40) + 3, "open")] * len(case.found)


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[BetfairEmulator]:
    """Betfair's stream, with four markets that do not move by themselves."""
    async with BetfairEmulator(tmp_path) as server:
        yield server


def source(emulator: BetfairEmulator, name: str, **more: object) -> dict[str, object]:
    """A source that is let in."""
    known = {"feed": "betfair", "app_key": APP_KEY, "session_token": SESSION, "event_type_ids": ["1"], "heartbeat_ms": 500, "names": False}
    where = {"host": emulator.host, "port": emulator.port, "tls_ca_file": str(emulator.ca_file)}
    return {"name": name, **known, **where, **more}


def told(emulator: BetfairEmulator, *content: object) -> bytes:
    """A message of the subscription at hand."""
    (number,) = {request["id"] for request in emulator.requests("marketSubscription")}
    return json.dumps({"op": "mcm", "id": number, "pt": emulator.world.stamp(), "mc": content}).encode()


async def imaged_again(daemon: Running, emulator: BetfairEmulator, images: int) -> None:
    """Wait until one more image came, and all that was missed is known."""

    async def again() -> bool:
        now = sum(delivery.kind == "image" for delivery in emulator.deliveries)
        return now > images and daemon.daemon.lanes["bf"].coverage.gaps() == []

    await until(again, "a fresh image repairs what was lost", 10)
    await daemon.loaded()


RUNNERS = [{"id": 1000, "ltp": 3.3}, {"id": 1001, "ltp": "dear"}]
BROKEN = {
    "wrong type": ("1.200000000", RUNNERS, "shape", "mc[0].rc[1]", "unreadable"),
    "unknown market": ("1.999", RUNNERS[:1], "no_base", "mc[0]", "no_base"),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_in_a_live_stream(store_url: str, tmp_path: Path, emulator: BetfairEmulator, kind: str) -> None:
    """One market has a hole then: coverage says so until an image repairs it; the other markets of the same message go on."""
    market, runners, category, path, gap = BROKEN[kind]
    other = emulator.world.quote("1.200000001", 1000, back=((2.5, 10.0),), ltp=2.5)
    async with running({"store": {"url": store_url}, "sources": [source(emulator, "bf")]}, tmp_path) as daemon:
        await daemon.read("bf", 2)
        images = sum(delivery.kind == "image" for delivery in emulator.deliveries)
        await emulator.garbage(told(emulator, {"id": market, "rc": runners}, {"id": other.market_id, "rc": [{"id": 1000, "ltp": 2.6}]}))
        await imaged_again(daemon, emulator, images)
        first = "SELECT stage, category, path, count FROM quarantine WHERE source = 'bf' ORDER BY journal_offset"
        assert (await ask(store_url, first))[0] == ("decode", category, path, 1)
        holes = "SELECT scope_kind, scope_id, reason, repaired_by FROM coverage WHERE state = 'gap'"
        assert await ask(store_url, holes) == [("market", market, gap, "image")]
        prices = "SELECT price FROM price_history WHERE source_market_id = '1.200000001' AND side = 'traded' ORDER BY valid_from, seq"
        # the image knows nothing of what was made up
        assert await ask(store_url, prices) == [(2.5,), (2.6,), (2.5,)]


async def test_one_source_refused(store_url: str, tmp_path: Path, emulator: BetfairEmulator) -> None:
    """It is parked and says why, health warns; the other one is recorded as if nothing were."""
    emulator.world.quote("1.200000000", 1000, back=((2.0, 10.0),))
    sources = [source(emulator, "bad", app_key="wrong"), source(emulator, "bf")]
    async with running({"store": {"url": store_url}, "sources": sources}, tmp_path) as daemon:
        await daemon.read("bf", 2)
        collectors = daemon.daemon.collectors

        async def parked() -> bool:
            return collectors["bad"].status.state == "parked" and collectors["bf"].status.state == "live"

        await until(parked, "one is parked, one is live", 10)
        status, body = await daemon.page("/health")
        report = json.loads(body)
        assert (status, report["status"], report["checks"]["sources"]["output"]) == (200, "warn", "1 of 2 live")
        assert report["checks"]["source:bad"] | {"since": ""} == {"status": "warn", "output": "parked: INVALID_APP_KEY", "since": ""}
        assert "wrong" not in body

        async def said() -> bool:
            return await ask(store_url, "SELECT source, state, reason FROM sources ORDER BY source") == [
                ("bad", "parked", "INVALID_APP_KEY"),
                ("bf", "live", ""),
            ]

        await until(said, "the store says the same", 10)
        assert await ask(store_url, "SELECT source, price FROM current_odds WHERE live") == [("bf", 2.0)]
