"""A canary in every secret there is, and a hostile provider that says back what it was told: no output has one."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, get_args

import pytest
import trustme
from aiohttp import web
from pydantic import BaseModel, SecretStr

from ingestd.errors import ConfigError
from ingestd.model import Frame
from ingestd.settings import Settings, load_all
from ingestd.settings.problems import is_secret, keys_of, model_in
from ingestd.sources import FEEDS
from ingestd.testing.harness import Running, running
from ingestd.testing.kalshi_keys import private_key
from ingestd.testing.rig.evidence import journal_frames
from tests.conftest import Command

CANARY: Final = re.compile(r"[Cc]anary\d\d")
Tree = dict[str, object]
MAPPING: Final[Tree] = {"walk": [{"each": "doc", "as": "it", "quotes": [{"key": ["it.id"], "price": "it.price"}]}]}
MAPPING_OF: Final[Tree] = {
    "mapping": {
        "shared": {"bookmaker": {"const": "b"}, "event": "it.id", "market_id": "it.id", "market": {"const": "m"}, "outcome": "it.id"},
        **MAPPING,
    }
}


def canary(number: int) -> str:
    """A secret with what somebody writes differently somewhere."""
    return f"canary{number:02}/x+y=&z"


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[list[bytes], str]]:
    """Says back everything it was told, with the status that the path begins with, and keeps what was sent to it as alert or error."""
    kept: list[bytes] = []

    async def echo(request: web.Request) -> web.Response:
        body = await request.read()
        place, _, rest = request.path.lstrip("/").partition("/")
        if place in {"hook", "slack", "duty", "api"}:
            kept.append(body)
            return web.Response(status=200 if place != "slack" else 500)
        told = "\n".join([str(request.rel_url), *(f"{name}: {value}" for name, value in request.headers.items()), body.decode(), rest])
        return web.Response(status=int(place) if place.isdecimal() else 400, text=told, reason=str(request.rel_url)[:200])

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield kept, f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def sources(url: str, folder: Path) -> list[Tree]:
    """Every feed, every secret of its options set, all of them on the echo."""
    stream = url.replace("http", "ws")
    certificate = trustme.CA().issue_cert("client")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    account: Tree = {"username": "joe", "password": canary(31), "cert_file": str(folder / "client.pem"), "app_key": canary(32)}
    places = {
        "login_url": f"{url}/401/login",
        "keep_alive_url": f"{url}/500/alive",
        "catalogue_url": f"{url}/500/list",
        "host": "127.0.0.1",
    }
    auths: tuple[Tree, ...] = (
        {"kind": "header", "name": "X-Key", "secret": canary(41)},
        {"kind": "query", "name": "key", "secret": canary(42)},
        {"kind": "basic", "user": "joe", "secret": canary(43)},
        {"kind": "oauth2", "user": "joe", "secret": canary(44), "token_url": f"{url}/401/token"},
        {"kind": "oauth2", "user": "joe", "secret": canary(45), "token_url": f"{url}/500/token"},
    )
    polled: list[Tree] = [
        {"feed": "mapped", **MAPPING_OF, "polling": {"queries": {"q": {"url": f"{url}/{status}/odds"}}, "interval": 0.2, "auth": auth}}
        for auth in auths
        for status in (400, 401, 500)
    ]
    hello = [{"send": {"key": "{secret}"}}]
    socket: Tree = {
        "url": f"{stream}/401/ws",
        "auth": {"kind": "query", "name": "k", "secret": canary(46)},
        "secret": canary(47),
        "opening": hello,
    }
    found: list[Tree] = [
        {"feed": "the_odds_api", "api_key": canary(20), "sports": ["upcoming"], "regions": ["uk"], "url": f"{url}/{status}"}
        for status in (401, 422, 500)
    ]
    found += [
        {
            "feed": "kalshi",
            "key_id": canary(25),
            "private_key": private_key(),
            "tickers": ["X"],
            "url": f"{stream}/401/ws",
            "rest_url": f"{url}/500",
        }
    ]
    found += [{"feed": "betfair", **account, **places, "port": 9, "market_ids": ["1.1"]}]
    found += [{"feed": "betfair", "app_key": canary(33), "session_token": canary(34), **places, "port": 9, "market_ids": ["1.1"]}]
    found += [{"feed": "mapped", **MAPPING_OF, "websocket": socket}, *polled]
    found += [{"feed": "mapped", **MAPPING_OF, "sse": {"url": f"{url}/500/sse", "auth": auths[1]}}]
    found += [{"feed": "mapped", **MAPPING_OF, "webhook": {"port": 0, "secrets": [canary(48), canary(49)]}}]
    found += [{"feed": "simulated", "url": f"ws://joe:{canary(50)[:8]}@127.0.0.1:9"}]
    found += [{"feed": "polymarket", "event_ids": ["1"], "gamma_url": f"{url}/401", "url": stream, "clob_url": url}]
    found += [{"feed": "football_data", "divisions": ["E0"], "url": f"{url}/500"}]
    return [{"name": f"s{number}", **one} for number, one in enumerate(found)]


def everything(url: str, folder: Path) -> Tree:
    """Every secret of our own settings as well; the store's is in its URL, which is tried by itself."""
    return {
        "store": {"url": f"sqlite:///{folder / 'odds.db'}"},
        "journal": {"path": str(folder / "journal")},
        "http": {"port": 0},
        "log": {"level": "debug", "format": "json", "file": str(folder / "ingestd.log")},
        "sentry": {"dsn": f"{url.replace('//', '//canary01@')}/7"},
        "alerts": {
            "interval": "100ms",
            "group": 0,
            "rules": {"source_down": {"for": 0}},
            "slack": {"webhook": f"{url}/slack/{canary(2)[:8]}/T0"},
            "email": {"to": "a@b.example", "host": "127.0.0.1", "port": 9, "user": "joe", "password": canary(3)},
            "pagerduty": {"key": canary(4), "url": f"{url}/400/duty", "severity": "info"},
            "webhook": {"url": f"{url}/hook/{canary(5)[:8]}/T1", "token": canary(6)},
        },
        "sources": sources(url, folder),
    }


def secret_paths(model: type[BaseModel], above: str = "", around: frozenset[type[BaseModel]] = frozenset()) -> Iterator[str]:
    """Every option that is a secret, as a path; what is inside itself is looked at once."""
    for key, field in keys_of(model).items():
        below = model_in(field.annotation)
        if is_secret(field) or SecretStr in {inner for part in get_args(field.annotation) for inner in (part, *get_args(part))}:
            yield above + key
        elif below is not None and key != "sources" and below not in around:
            yield from secret_paths(below, f"{above}{key}.", around | {below})


def set_paths(data: Tree, above: str = "") -> Iterator[str]:
    """Every path that is set."""
    for key, value in data.items():
        yield above + key
        if isinstance(value, dict):
            yield from set_paths(value, f"{above}{key}.")


def canaries(settings: Tree) -> list[str]:
    """What must be nowhere: any canary, also as Basic authorization says it, and the lines of a private key."""
    texts = json.dumps(settings)
    basic = [b64encode(f"joe:{canary(number)}".encode()).decode() for number in (3, 31, 43, 44, 45)]
    lines = [line for line in private_key().splitlines() if not line.startswith("-----")]
    assert len(set(CANARY.findall(texts))) > 20
    return [*basic, *lines]


def found_in(outputs: Mapping[str, str], more: list[str]) -> dict[str, list[str]]:
    """The outputs that hold a secret, with some of what stands around it."""
    pattern = re.compile("|".join([CANARY.pattern, *map(re.escape, more)]))
    return {
        name: [text[max(0, hit.start() - 60) : hit.end() + 20] for hit in pattern.finditer(text)][:3]
        for name, text in outputs.items()
        if pattern.search(text)
    }


async def pages(one: Running) -> dict[str, str]:
    """Everything that port 8001 answers."""
    return {
        path: (await one.page(path))[1] for path in ("/metrics", "/status", "/health", "/health/live", "/health/ready", "/health/startup")
    }


async def lived(settings: Tree, outputs: dict[str, str]) -> None:
    """A daemon with all of it, until every source has failed."""
    async with running(Settings.model_validate(settings)) as one:
        async with asyncio.timeout(30):
            while any(part.status.state == "connecting" and not part.status.reason for part in one.daemon.collectors.values()):
                one.daemon.reporter.fact("library.failed", library="x", error="so that Sentry has one")
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
        outputs |= await pages(one)
        outputs["states"] = str([part.status for part in one.daemon.collectors.values()])


def shown(frame: Frame) -> str:
    """What a frame says beside its payload."""
    return f"{frame.meta} {frame.token}"


def files(folder: Path) -> dict[str, str]:
    """What the store and the small files beside the journal hold."""
    paths = (*folder.glob("odds.db*"), *(folder / "journal").glob("*.json"))
    return {path.name: path.read_bytes().decode("latin-1") for path in paths}


async def test_every_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Log, its file, pages, Sentry, alerts, journal, store: what a real daemon says of it all."""
    outputs: dict[str, str] = {}
    async with echoing() as (kept, url):
        settings = everything(url, tmp_path)
        await lived(settings, outputs)
    outputs["stderr"] = capfd.readouterr().err
    outputs["log"] = (tmp_path / "ingestd.log").read_text(encoding="utf-8")
    outputs["sent"] = b"\n".join(kept).decode("utf-8", "replace")
    outputs["frames"] = "\n".join(map(shown, journal_frames(tmp_path / "journal")))
    outputs |= files(tmp_path)
    assert found_in(outputs, canaries(settings)) == {}
    assert all(outputs[name] for name in ("log", "sent", "odds.db", "/health"))
    assert all(word in outputs["log"] for word in ("source.parked", "source.disconnected", "alert.fired", "alert.undelivered", "***"))


def test_every_command(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands print of it, also where nothing answers; the store's own password among it."""
    monkeypatch.chdir(tmp_path)
    url = "http://127.0.0.1:9"
    settings = everything(url, tmp_path)
    outputs: dict[str, str] = {}
    for store in (settings["store"], {"url": f"postgresql://joe:{canary(7)[:8]}@127.0.0.1:9/none?password={canary(8)[:8]}"}):
        (tmp_path / "ingestd.json").write_text(json.dumps({**settings, "store": store, "http": {"port": 9}}))
        for words in (
            "check",
            "check --connect",
            "status",
            "status --json",
            "incidents",
            "alerts list --json",
            "alerts test",
            "health",
            "db upgrade",
        ):
            answer = command(*words.split(), "-c", tmp_path / "ingestd.json")
            outputs[f"{words} {answer.code}"] = answer.out + answer.err
    assert found_in(outputs, canaries(settings)) == {}
    assert any("alerts test 1" in name for name in outputs)


def test_nothing_is_left_out(tmp_path: Path) -> None:
    """Every secret there is has its canary here: whoever adds one adds it here."""
    settings = everything("http://h", tmp_path)
    assert set(secret_paths(Settings)) - {"store.url"} <= set(set_paths(settings))
    for feed, kind in FEEDS.items():
        options = [one for one in sources("http://h", tmp_path) if one["feed"] == feed]
        assert set(secret_paths(kind.options)) <= {path for one in options for path in set_paths(one)}, feed


@pytest.mark.parametrize(("feed", "path"), [(feed, path) for feed, kind in FEEDS.items() for path in secret_paths(kind.options)])
@pytest.mark.parametrize(
    "wrong", [[canary(60)], {canary(60): canary(60)}, canary(60), f"{canary(60)}\n"], ids=["list", "mapping", "text", "line end"]
)
def test_what_is_wrong_with_it(feed: str, path: str, wrong: object, tmp_path: Path) -> None:
    """Is told without it, whatever was written in its place."""
    options: Tree = {"name": "s", "feed": feed, "no_such_key": 1}
    *above, key = path.split(".")
    inner = options
    for part in above:
        deeper: Tree = {}
        inner[part] = deeper
        inner = deeper
    inner[key] = wrong
    (tmp_path / "x.json").write_text(json.dumps({"sources": [options]}))
    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path / "x.json", {}, FEEDS)
    assert found_in({"error": str(caught.value)}, []) == {}
