"""Work that would keep the event loop waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


async def apart(work: Callable[[], T]) -> T:
    """Do it in a thread of its own: the loop's few may all be waiting for a name server that does not answer.

    Cancelling the caller does not stop it.
    """
    thread = ThreadPoolExecutor(1, "apart")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    finally:
        thread.shutdown(wait=False)
