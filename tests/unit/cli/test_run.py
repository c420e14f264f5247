"""The daemon in the foreground: what a person is told, and how it is stopped."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ingestd.cli import run
from ingestd.cli.config import settings
from ingestd.settings import Settings, feed_options
from ingestd.sources import FEEDS
from ingestd.testing.exchange.process import control


def with_sources(config: Path, text: str) -> Settings:
    """The settings with these sources."""
    config.write_text(text, encoding="utf-8")
    return settings(config)


async def test_a_simulated_source_gets_an_exchange_of_its_own(config: Path) -> None:
    """For as long as there is that source."""
    (source,) = with_sources(config, "sources: [{name: own, feed: simulated, rate: 7, seed: 5}]\n").sources
    async with run._exchange(source, feed_options(source, FEEDS["simulated"])) as options:
        url = str(options.model_dump()["url"])
        offered = (await control(url, "status")).options
        assert (offered.rate, offered.seed, offered.clock) == (7, 5, "wall")
    with pytest.raises(OSError, match=r"refused|Connect"):
        await control(url, "status")


async def test_a_source_that_names_an_exchange_keeps_it(config: Path) -> None:
    """So does one of another feed."""
    (source,) = with_sources(config, "sources: [{name: other, feed: simulated, url: 'ws://127.0.0.1:9'}]\n").sources
    asked = feed_options(source, FEEDS["simulated"])
    async with run._exchange(source, asked) as options:
        assert options is asked


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


HOLES: Final = """
import psutil, sys
from ingestd.cli import run

if sys.argv[1] == "given back":
    run._give_memory_back()
# freed once, so large a block counts as small from then on
del (once := [bytearray(16 << 20)])[:]
resident = psutil.Process().memory_info().rss
blocks = [(bytearray(100_000), bytearray(600)) for _ in range(1_000)]
pins = [pin for _, pin in blocks]
del blocks
print((psutil.Process().memory_info().rss - resident) >> 20)
"""
"""Large blocks between small ones that stay; prints the MiB that are still there when the large ones are gone."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc keeps what was freed")
def test_what_is_freed_is_given_back() -> None:
    """Also between blocks that stay."""
    held = {how: int(subprocess.check_output([sys.executable, "-c", HOLES, how])) for how in ("kept", "given back")}  # noqa: S603 - our own words
    assert held["kept"] > 80
    assert held["given back"] < 20
