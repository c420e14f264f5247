"""The service manager hears what the protocol says, over a real socket, and nothing else."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.telemetry.systemd import SAY, ServiceManager
from ingestd.testing.clock import VirtualClock


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A manager's socket, named by the environment."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind(str(tmp_path / "notify"))
        link.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield link


def told(link: socket.socket) -> list[str]:
    """What came since the last look."""
    lines = []
    while True:
        try:
            lines.append(link.recv(4096).decode())
        except BlockingIOError:
            return lines


def test_the_states_it_wants(heard: socket.socket) -> None:
    """Ready and stopping; the others mean nothing to it."""
    manager = ServiceManager(VirtualClock())
    for state in ("starting", "running", "draining", "stopped"):
        manager.entered(state)
    assert told(heard) == ["READY=1", "STOPPING=1"]


async def test_signs_of_life(heard: socket.socket) -> None:
    """Three within the time that the watchdog allows; a status line every ten seconds."""
    clock = VirtualClock()
    manager = ServiceManager(clock)
    for _ in range(30):
        manager.tick(well=True, status=lambda: "1 of 1 sources live")
        await clock.sleep(1.0)
    lines = told(heard)
    assert lines.count("WATCHDOG=1") == 3
    assert lines.count("STATUS=1 of 1 sources live") == 30 / SAY


async def test_no_sign_of_life_where_nothing_gets_on(heard: socket.socket) -> None:
    """The loop turns, but the work does not: the watchdog is to strike."""
    manager = ServiceManager(VirtualClock())
    manager.tick(well=False, status=lambda: "stuck\nfor good")
    assert told(heard) == ["STATUS=stuck for good"]


@pytest.mark.parametrize(("usec", "process"), [("", ""), ("30000000", "1"), ("soon", "")])
def test_nobody_watches(usec: str, process: str, heard: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """No watchdog, or another process's, or nonsense: no signs of life."""
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", process)
    ServiceManager(VirtualClock()).tick(well=True, status=str)
    assert told(heard) == ["STATUS="]


def test_our_own_watchdog(heard: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that is meant is this one."""
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    ServiceManager(VirtualClock()).tick(well=True, status=str)
    assert "WATCHDOG=1" in told(heard)


def test_an_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written with an ``@``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind(f"\0ingestd-{os.getpid()}")
        link.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@ingestd-{os.getpid()}")
        ServiceManager(VirtualClock()).entered("running")
        assert told(link) == ["READY=1"]


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_nobody_listens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens: in a terminal there is no manager, and one that went away is no reason to stop."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    manager = ServiceManager(VirtualClock())
    manager.entered("running")
    manager.tick(well=True, status=str)


def test_a_reload(heard: socket.socket) -> None:
    """As both kinds of service want it: that it begins, when by the machine's clock, and that it is over."""
    clock = VirtualClock()
    manager = ServiceManager(clock)
    manager.reloading()
    manager.entered("running")
    assert told(heard) == [f"RELOADING=1\nMONOTONIC_USEC={int(clock.monotonic() * 1_000_000)}", "READY=1"]
