"""The examples that we ship start, reach their provider, and say what is to be filled in (``tests/house`` has it that they are valid)."""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import JsonValue

from ingestd.errors import StoreUnavailable
from ingestd.settings import Settings, load
from ingestd.settings.model import env_word
from ingestd.testing.emulators import EMULATORS
from ingestd.testing.rig.daemon import until
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "config" / "examples"
EXAMPLES: Final = sorted(FOLDER.rglob("*.yaml"))
SECRET_FILE: Final = re.compile(r"\b[a-z_]+_file: (\S+)")
WITHIN: Final = 30.0


def name_of(path: Path) -> str:
    """As people write it."""
    return str(path.relative_to(FOLDER))


def files_of(path: Path) -> list[str]:
    """The files that an example leaves to its user."""
    return SECRET_FILE.findall("\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")))


@pytest.fixture(scope="session")
def pem() -> bytes:
    """A secret of any kind: key and certificate, which a file of a password may as well hold."""
    return bytes(trustme.CA().issue_cert("client@example.org", key_type=trustme.KeyType.RSA).private_key_and_cert_chain_pem.bytes())


def fill_in(path: Path, folder: Path, secret: bytes) -> None:
    """Put something where the example's files are to be."""
    for name in files_of(path):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(secret)
        file.chmod(0o600)


def reaching(settings: Settings, options: Mapping[str, JsonValue], folder: Path) -> Iterator[tuple[str, str]]:
    """What to lay over an example so that its only source has these options, and its store and port are our own."""
    (source,) = settings.sources
    yield "INGESTD_STORE_URL", f"sqlite:///{folder / 'store.db'}"
    yield "INGESTD_HTTP_PORT", "0"
    yield "INGESTD_JOURNAL_RESERVE", "0"
    yield "INGESTD_JOURNAL_LIMIT", "1GiB"
    for key, value in options.items():
        if value is not None:
            yield f"INGESTD_SOURCES__{env_word(source.name)}__{key.upper()}", written(value)


def written(value: JsonValue) -> str:
    """A value as the environment has it."""
    return value if isinstance(value, str) else json.dumps(value)


def feed_of(path: Path) -> str:
    """Which provider an example is for."""
    return load(path, {}).sources[0].feed


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=name_of)
async def test_it_reaches_its_provider(path: Path, tmp_path: Path, pem: bytes) -> None:
    """``ingestd run -c`` in a process of its own, the host overridden by the environment: the source is live, and SIGTERM ends it well."""
    fill_in(path, tmp_path, pem)
    async with EMULATORS[feed_of(path)](tmp_path) as emulator:
        await runs(path, tmp_path, reaching(load(path, {}), emulator.options(), tmp_path))


@pytest.mark.parametrize("path", sorted((FOLDER / "mapped").glob("*.yaml")), ids=name_of)
async def test_a_mapped_one_reads_what_its_provider_sends(path: Path, tmp_path: Path) -> None:
    """As above, with a provider that answers our own recording to whatever is asked, or puts it into the folder that is watched."""
    fill_in(path, tmp_path, b"a secret in one line")
    (recording,) = (ROOT / "tests" / "recorded" / "mapped").glob(f"{path.stem}.*")
    async with answering(recording) as url:
        settings = load(path, {})
        await runs(path, tmp_path, reaching(settings, dict(instead(settings.sources[0].options, url, recording, tmp_path)), tmp_path))
    assert await ask(f"sqlite:///{tmp_path / 'store.db'}", "SELECT count(*) FROM quarantine WHERE stage <> 'decode'") == [(0,)]
    assert await ask(f"sqlite:///{tmp_path / 'store.db'}", "SELECT count(*) > 0 FROM odds") == [(1,)]


def instead(options: Mapping[str, JsonValue], url: str, recording: Path, folder: Path) -> Iterator[tuple[str, JsonValue]]:
    """What an example of ``mapped`` is to be told so that it finds the recording."""
    match options:
        case {"polling": {"queries": dict(queries)}}:
            yield "polling__queries", {name: {"url": url} for name in queries}
        case {"files": {"paths": [str(watched)]}}:
            (folder / watched).mkdir(parents=True)
            shutil.copy(recording, folder / watched)
        case _:
            raise AssertionError("an example that neither polls nor reads files has no provider here")


@asynccontextmanager
async def answering(recording: Path) -> AsyncIterator[str]:
    """A web service that knows one answer; yields its address."""

    async def answer(request: web.Request) -> web.FileResponse:
        return web.FileResponse(recording)

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def runs(path: Path, folder: Path, overlay: Iterator[tuple[str, str]]) -> None:
    """The example in a process of its own, until its source is live; SIGTERM ends it well."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **dict(overlay)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingestd", "run", "-c", str(path)), cwd=folder, env=environ, stderr=asyncio.subprocess.PIPE
    )
    said = asyncio.create_task(process.communicate())
    try:
        await until(lambda: live(folder, process), "the source is live", WITHIN)
        process.send_signal(signal.SIGTERM)
        await said
    finally:
        if process.returncode is None:
            process.kill()
            await said
    assert (process.returncode, b"Traceback" in said.result()[1]) == (0, False), said.result()[1].decode()


async def live(folder: Path, process: asyncio.subprocess.Process) -> bool:
    """Whether the store says so."""
    if process.returncode is not None or not (folder / "store.db").exists():
        return False
    try:
        return await ask(f"sqlite:///{folder / 'store.db'}", "SELECT state FROM sources") == [("live",)]
    except StoreUnavailable:
        # its tables are just being made
        return False


@pytest.mark.parametrize("path", [path for path in EXAMPLES if files_of(path)], ids=name_of)
def test_it_says_what_is_missing(path: Path, command: Command) -> None:
    """Exit code 78, a line for each secret that names its key and says what to do, and nothing that only a programmer reads."""
    answer = command("run", "-c", path)
    problems = answer.err.splitlines()
    assert (answer.code, answer.out) == (78, "")
    assert "Traceback" not in answer.err
    for file in files_of(path):
        (told,) = [line for line in problems if file in line]
        assert re.match(r"ingestd: sources\[0\]\.[a-z_.\[\]]+_file: .*; \S", told), told
    assert all(line.startswith("ingestd: sources[0]") for line in problems)


def test_the_environment_overrides(tmp_path: Path) -> None:
    """What the tests above rest on: a key given by the environment replaces the file's, whichever form either has."""
    environ: Mapping[str, str] = {"INGESTD_SOURCES__BETFAIR__APP_KEY": "k"}
    (source,) = load(FOLDER / "betfair.yaml", environ).sources
    assert source.options["app_key"] == "k"
    assert "app_key_file" not in source.options
