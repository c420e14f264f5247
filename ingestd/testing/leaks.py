"""What a program leaves behind when it says that it has ended: tasks, threads, open files and sockets."""

import asyncio
import gc
import os
import stat
import threading
import time
from pathlib import Path
from typing import Final

OPEN_FILES: Final = Path("/dev/fd")
POOL: Final = "asyncio_"
"""The loop's own threads, which it keeps for whoever comes next."""
POLL: Final = 0.02


def traces() -> frozenset[str]:
    """Whatever is there now, told apart by words."""
    current = asyncio.current_task()
    tasks = {f"task {task.get_name()}: {task.get_coro()}" for task in asyncio.all_tasks() if task is not current}
    threads = {f"thread {thread.name} {thread.ident}" for thread in threading.enumerate() if not thread.name.startswith(POOL)}
    return frozenset(tasks | threads | _opened())


async def left_behind(before: frozenset[str], within: float = 3.0) -> list[str]:
    """What is there now and was not ``before``, once it had the time to go (s). What only waits for the collector of cycles is gone."""
    gc.collect()
    ends = time.monotonic() + within
    while (more := traces() - before) and time.monotonic() < ends:
        await asyncio.sleep(POLL)
    return sorted(more)


def _place(name: str) -> str:
    """Where the system tells it."""
    path = OPEN_FILES / name
    return str(path.readlink()) if path.is_symlink() else ""


def _opened() -> set[str]:
    found: set[str] = set()
    for name in os.listdir(OPEN_FILES):  # noqa: PTH208 - its entries are numbers, one of them this very listing, closed by now
        try:
            status = os.fstat(int(name))
        except OSError:
            continue
        kind = "socket" if stat.S_ISSOCK(status.st_mode) else "file"
        found.add(f"{kind} {status.st_dev}:{status.st_ino} {_place(name)}".rstrip())
    return found
