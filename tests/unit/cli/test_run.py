"""The daemon in the foreground: what a person is told, and how it is stopped."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from ingestd.cli import run
from ingestd.cli.config import settings
from ingestd.settings import Settings
from ingestd.testing.exchange.process import control


def with_sources(config: Path, text: str) -> Settings:
    """The settings with these sources."""
    config.write_text(text, encoding="utf-8")
    return settings(config)


async def test_a_simulated_source_gets_an_exchange_of_its_own(config: Path) -> None:
    """One that names a url keeps it; the exchange ends with the daemon."""
    asked = with_sources(
        config,
        "sources:\n- {name: own, feed: simulated, rate: 7, seed: 5}\n- {name: other, feed: simulated, url: 'ws://127.0.0.1:9'}\n",
    )
    async with contextlib.AsyncExitStack() as stack:
        found = await run._with_exchanges(asked, stack)
        urls = {source.name: str(source.options["url"]) for source in found.sources}
        assert urls["other"] == "ws://127.0.0.1:9"
        offered = (await control(urls["own"], "status")).options
        assert (offered.rate, offered.seed, offered.clock) == (7, 5, "wall")
    with pytest.raises(OSError, match=r"refused|Connect"):
        await control(urls["own"], "status")


async def test_a_source_that_is_not_enabled_gets_none(config: Path) -> None:
    """Nobody would talk to it."""
    asked = with_sources(config, "sources: [{name: own, feed: simulated, enabled: false}]\n")
    async with contextlib.AsyncExitStack() as stack:
        found = await run._with_exchanges(asked, stack)
    assert found.sources[0].options == {}


def test_it_says_where_and_what_next(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it stores, what it listens on, what to type."""
    run._announce(settings(config), config)
    said = capsys.readouterr().err
    assert "stores in   sqlite:///odds.db" in said
    assert "listens on  http://127.0.0.1:0/health" in said
    assert f"odds --watch -c {config}" in said


def test_it_calls_itself_what_one_can_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module, a command on the path, or a file."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/ingestd/__main__.py"])
    assert run._own_name() == f"{os.path.relpath(sys.executable)} -m ingestd"
    monkeypatch.setattr(sys, "argv", [str(Path.cwd() / ".venv/bin/ingestd")])
    monkeypatch.setenv("PATH", "")
    assert run._own_name() == ".venv/bin/ingestd"


async def test_the_first_signal_drains() -> None:
    """The second would end the process: a test of its own runs that on a real one."""
    stop = run._stop_on_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await stop.wait()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(name)
