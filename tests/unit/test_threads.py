"""Threads of their own."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestd.telemetry.series import Metrics
from ingestd.threads import apart


async def test_what_comes_of_it_and_nothing_stays() -> None:
    """Its result or its error; the thread ends with it."""
    found = await apart(threading.current_thread)
    with pytest.raises(ZeroDivisionError):
        await apart(lambda: 1 // 0)
    found.join(5)
    assert not found.is_alive()


async def test_while_every_thread_of_the_loop_waits() -> None:
    """As for a name server that does not answer: metrics are there all the same."""
    answer = threading.Event()
    with ThreadPoolExecutor(1) as few:
        asyncio.get_running_loop().set_default_executor(few)
        name = asyncio.get_running_loop().run_in_executor(None, answer.wait)
        try:
            async with asyncio.timeout(5):
                status, _, _ = await Metrics().page("")
        finally:
            answer.set()
            await name
    assert status == 200
