"""What is left behind is found, and what had only to end is not held against anybody."""

import asyncio
import socket
import threading
from pathlib import Path

from ingestd.testing.leaks import left_behind, traces


async def test_a_task_a_thread_a_socket_and_a_file(tmp_path: Path) -> None:
    """Each is told by what it is."""
    before = traces()
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait, name="left")
    thread.start()
    task = asyncio.create_task(asyncio.Event().wait(), name="lost")
    with socket.socket(), (tmp_path / "open").open("wb"):
        found = await left_behind(before, within=0.05)
    assert [one.split()[0] for one in found] == ["file", "socket", "task", "thread"]
    wait.set()
    thread.join()
    task.cancel()
    assert await left_behind(before) == []


async def test_what_ends_in_time() -> None:
    """A task that is about to end is waited for."""
    before = traces()
    task = asyncio.create_task(asyncio.sleep(0.1))
    assert await left_behind(before) == []
    assert task.done()
