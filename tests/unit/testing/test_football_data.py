"""The emulated site: files with a version each, a script that waits for its reader, and faults at exact answers."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.football_data import COUNTRY, FIXTURES, GARBAGE, NOTES, SEASON, FootballDataSite


class Reader:
    """Asks as a browser with a memory would."""

    def __init__(self, site: FootballDataSite, session: aiohttp.ClientSession) -> None:
        self._site = site
        self._session = session
        self._tags: dict[str, str] = {}

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        headers = {"If-None-Match": self._tags[path]} if path in self._tags else {}
        async with self._session.get(f"{self._site.url}/{path}", headers=headers) as answer:
            body = await answer.read()
            if "ETag" in answer.headers:
                self._tags[path] = answer.headers["ETag"]
            return answer.status, body


async def test_a_reader_that_comes_for_everything(tmp_path: Path) -> None:
    """The script goes on as each version is fetched; what does not change is not sent again."""
    async with FootballDataSite(tmp_path) as site, aiohttp.ClientSession() as session:
        reader = Reader(site, session)
        assert (await reader.get(NOTES))[0] == 200
        playing = asyncio.create_task(site.play())
        bodies: dict[str, list[bytes]] = {path: [] for path in (SEASON, COUNTRY, FIXTURES)}
        async with asyncio.timeout(10):
            while not playing.done():
                for path, seen in bodies.items():
                    status, body = await reader.get(path)
                    if status == 200:
                        seen.append(body)
        await playing
        assert 1 + sum(map(len, bodies.values())) == site.boundaries
        assert [len(set(seen)) for seen in bodies.values()] == [len(seen) for seen in bodies.values()] == [4, 2, 4]
        assert await reader.get(SEASON) == (304, b"")
        assert (await reader.get("new/XXX.csv"))[0] == 404


async def test_truth(tmp_path: Path) -> None:
    """Settled where there are goals, at the last price else; nothing that was offered is forgotten."""
    site = FootballDataSite(tmp_path)
    truth = site.truth()
    assert truth[Key("E9|2022-08-13|Ayton|Beeford|P|match_odds", "home")] == Stand(None, "settled")
    (coming,) = [key for key in truth if key.source_market_id.endswith("Ayton|Ceeton|B365|match_odds") and key.outcome == "away"]
    assert truth[coming] == Stand(3.4, "open")


async def test_faults(tmp_path: Path) -> None:
    """Each at the answer that it was armed for, and never again."""
    async with FootballDataSite(tmp_path) as site, aiohttp.ClientSession() as session:
        reader = Reader(site, session)
        faults: dict[int, Fault] = {0: "garbage", 1: "reset", 2: "duplicate", 4: "stall", 5: "reorder"}
        for boundary, fault in faults.items():
            site.arm(boundary, fault)
        assert await reader.get(COUNTRY) == (200, GARBAGE)
        assert await bare(site, COUNTRY) == b""
        first, again, after = [await reader.get(COUNTRY) for _ in range(3)]
        assert (first, after) == (again, (304, b""))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await reader.get(SEASON)
        site.publish(FIXTURES, b"newer")
        assert await reader.get(FIXTURES) == (200, b"newer")
        assert (await reader.get(FIXTURES))[1].startswith(b"\xef\xbb\xbfDiv,")
        assert [await reader.get(FIXTURES) for _ in range(2)] == [(200, b"newer"), (304, b"")]


async def bare(site: FootballDataSite, path: str) -> bytes:
    """What a connection of its own brings: an HTTP library would ask again by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n".encode())
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_nobody_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, not waited for without end."""
    monkeypatch.setattr("ingestd.testing.football_data.PATIENCE", 0.05)
    async with FootballDataSite(tmp_path) as site:
        with pytest.raises(TimeoutError):
            await site.play()
