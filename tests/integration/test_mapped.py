"""Providers without code: from YAML in a folder to rows in a store, over every transport, and not a line of Python touched."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve

from ingestd.settings import load
from ingestd.testing.harness import running
from ingestd.testing.rig.daemon import until
from ingestd.testing.rig.evidence import ask, journal_frames
from ingestd.web.server import METRICS
from tests.conftest import Command

SETTINGS = """
store: {url: 'sqlite:///odds.db'}
journal: {path: journal}
http: {port: 0}
log: {level: error, format: json}
sources:
  - name: mine
    feed: mapped
    mapping_file: mapping.yaml
    samples: [sample.json]
"""
MAPPING = """
shared:
  bookmaker: {const: My book}
walk:
  - each: doc.games
    as: game
    shared:
      event: game.no
      market_id: game.no
      market: {const: moneyline}
    fixture:
      sport: {const: tennis}
      home: game.teams[0].name
      away: game.teams[1].name
      starts_at: {get: game.kickoff, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
    walk:
      - each: game.teams
        as: team
        quotes:
          - key: [game.no, team.name]
            outcome: team.name
            price: {get: team.odds, format: fractional}
"""
DOCUMENT = (
    b"""{"games": [{"no": 7, "kickoff": "24.12.2026 20:15", "teams": [{"name": "Ada", "odds": "5/2"}, {"name": "Bea", "odds": "2/5"}]}]}"""
)
PRICES = "SELECT outcome, price, status, bookmaker FROM current_odds ORDER BY outcome"
ROWS = [("Ada", 3.5, "open", "My book"), ("Bea", 1.4, "open", "My book")]


def written(transport: str) -> Path:
    """All that a person writes."""
    Path("inbox").mkdir()
    Path("key").write_text("s3cret")
    Path("key").chmod(0o600)
    Path("mapping.yaml").write_text(MAPPING)
    Path("sample.json").write_bytes(DOCUMENT)
    path = Path("ingestd.yaml")
    path.write_text(SETTINGS + transport)
    return path


@asynccontextmanager
async def http(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server of one page; its value is the address."""
    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def recorded(config: Path) -> list[tuple[object, ...]]:
    """The rows, once both prices are there and the source is live."""
    async with running(load(config, {})) as one:

        async def there() -> bool:
            lane = one.daemon.lanes.get("mine")
            return lane is not None and lane.coverage.whole and len(await ask("sqlite:///odds.db", PRICES)) == len(ROWS)

        await until(there, "two prices, and everything known", 10)
        return await ask("sqlite:///odds.db", PRICES)


async def test_words_of_its_own_are_counted() -> None:
    """An outcome that the vocabulary does not have is recorded as it is called, and the page says how many such there are."""
    config = written("    files: {paths: [inbox], poll: 50ms}\n")
    shutil.copy("sample.json", "inbox/one.json")
    async with running(load(config, {})) as one:

        async def counted() -> bool:
            return 'ingestd_unknown_words{kind="outcome",source="mine"} 2\n' in (await one.page(METRICS))[1]

        await until(counted, "two names that are no outcomes", 10)


async def test_polling() -> None:
    """With a key that no journal holds."""
    keys: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        keys.append(request.query.get("apiKey", ""))
        return web.Response(body=DOCUMENT, content_type="application/json")

    async with http(answer) as url:
        config = written(
            f"    polling: {{queries: {{all: {{url: '{url}/odds'}}}}, interval: 50ms,"
            " auth: {kind: query, name: apiKey, secret_file: key}}\n"
        )
        assert await recorded(config) == ROWS
    assert set(keys) == {"s3cret"}
    frames = journal_frames(Path("journal"))
    assert {frame.meta.get("key") for frame in frames} >= {"all"}
    assert "s3cret" not in repr(frames)


async def test_websocket() -> None:
    """With a login first."""

    async def handle(link: ServerConnection) -> None:
        await link.recv()
        await link.send('{"welcome": true}')
        await link.send(DOCUMENT, text=True)
        await link.wait_closed()

    async with serve(handle, "127.0.0.1", 0) as server:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        config = written(f"    websocket: {{url: 'ws://{host}:{port}', opening: [{{send: {{hello: 1}}, expect: doc.welcome}}]}}\n")
        assert await recorded(config) == ROWS


async def test_sse() -> None:
    """One event, one document."""
    ended = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"id: 1\ndata: " + DOCUMENT + b"\n\n")
        await ended.wait()
        return response

    async with http(answer) as url:
        assert await recorded(written(f"    sse: {{url: '{url}/stream'}}\n")) == ROWS
        ended.set()


async def test_webhook(unused_tcp_port: int) -> None:
    """A post is answered once it is in the journal."""
    config = written(f"    webhook: {{port: {unused_tcp_port}, path: /odds}}\n")

    async def post() -> int:
        async with aiohttp.ClientSession() as client:
            while True:
                try:
                    async with client.post(f"http://127.0.0.1:{unused_tcp_port}/odds", data=DOCUMENT) as answer:
                        return answer.status
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.05)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        posting = group.create_task(post())
        assert await recorded(config) == ROWS
    assert posting.result() == 200


async def test_files() -> None:
    """A document that appears in a folder."""
    config = written("    files: {paths: [inbox], poll: 50ms}\n")
    shutil.copy("sample.json", "inbox/one.json")
    assert await recorded(config) == ROWS


def test_check_and_load(command: Command) -> None:
    """The sample is proven and shown; recordings are read by the mapping of the source that is named."""
    config = written("    files: {paths: [inbox]}\n")
    proven = command("check", "-c", config)
    assert (proven.code, proven.err) == (0, "")
    assert "mine: sample.json: 1 Fixture, 2 Quote; 0 rejected" in proven.out
    said = command("load", "mapped", "sample.json", "-c", config, "--source", "mine", "--json")
    assert (said.code, '"received":3' in said.out, '"documents":1' in said.out) == (0, True, True)
    assert asyncio.run(ask("sqlite:///odds.db", PRICES.replace("current_odds", "price_history"))) == ROWS
    lost = command("load", "mapped", "sample.json", "-c", config)
    assert (lost.code, "name one by --source (there are: mine)" in lost.err) == (78, True)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("team.odds,", "team.price,", "sample.json: games[0].teams[0]:quotes[0]: missing: price: nothing at team.price"),
        ("each: doc.games", "each: doc.matches", "sample.json: matches: missing: nothing at doc.matches"),
        ("[game.no, team.name]", "[game.no]", "names two prices (Ada at 3.5 and Bea at 1.4); add to key what tells them apart"),
        ("game.no\n      market:", "gme.no\n      market:", "knows no level 'gme'; an expression begins with a level: did you mean game?"),
    ],
)
def test_check_says_what_is_wrong(command: Command, before: str, after: str, problem: str) -> None:
    """Exit code 78, a path, and what to do."""
    config = written("    files: {paths: [inbox]}\n")
    assert before in MAPPING
    Path("mapping.yaml").write_text(MAPPING.replace(before, after))
    said = command("check", "-c", config)
    assert said.code == 78
    assert problem in said.err
