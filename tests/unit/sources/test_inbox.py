"""An inbox: everything comes out in order, failures last, and there is a bound."""

import asyncio

import pytest

from ingestd.errors import Disconnected
from ingestd.model import Frame
from ingestd.sources.inbox import MOST_WAITING, Inbox, heard_within, stopped


def frame(payload: bytes = b"") -> Frame:
    """Some frame."""
    return Frame("s", "data", 1, payload)


async def idle() -> None:
    """A job that goes on."""
    await asyncio.Event().wait()


async def failing(inbox: Inbox) -> None:
    """A job that brings one frame and breaks."""
    inbox.put(frame(b"last"))
    raise Disconnected("reset")


async def test_frames_come_out_in_order_and_at_once() -> None:
    """Of all jobs together; afterwards nothing waits."""
    inbox = Inbox()
    for payload in (b"a", b"b"):
        inbox.put(frame(payload))
    assert [one.payload for one in await inbox.take()] == [b"a", b"b"]
    assert inbox.waiting == 0


async def test_a_sign_of_life_is_no_frame() -> None:
    """It ends the wait, once."""
    inbox = Inbox()
    inbox.alive()
    assert await inbox.take() == []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await inbox.take()


async def test_a_failure_comes_behind_what_came_before_it() -> None:
    """And again, for whoever asks again; jobs beside it are ended with the session."""
    inbox = Inbox()
    beside = asyncio.Event()

    async def watched() -> None:
        try:
            await idle()
        finally:
            beside.set()

    async with inbox.working(failing(inbox), watched()):
        assert [one.payload for one in await inbox.take()] == [b"last"]
        for _ in range(2):
            with pytest.raises(Disconnected, match="reset"):
                await inbox.take()
        assert not beside.is_set()
    assert beside.is_set()


async def test_a_reader_that_waits_hears_of_a_failure() -> None:
    """At once, though nothing comes any more."""
    inbox = Inbox()
    async with inbox.working(idle()):
        late = inbox.start(failing(inbox))
        await asyncio.wait([late])
        await inbox.take()
        with pytest.raises(Disconnected):
            await inbox.take()


async def test_beyond_the_bound_there_is_no_room() -> None:
    """Until somebody takes what is there."""
    inbox = Inbox()
    await inbox.room()
    inbox.put(frame(bytes(MOST_WAITING)))
    waiting = asyncio.ensure_future(inbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await inbox.take()
    async with asyncio.timeout(1):
        await waiting


async def test_nothing_to_stop() -> None:
    """No job is no trouble."""
    await stopped([])


async def test_a_link_that_says_nothing_is_told_apart_from_the_others() -> None:
    """What it brings comes through; beyond its own patience it is silent, and since when."""

    async def said() -> int:
        return 7

    async def mute() -> int:
        await idle()
        return 0

    assert await heard_within(1.0, said, "one") == 7
    with pytest.raises(Disconnected, match="one said nothing") as silent:
        await heard_within(0.01, mute, "one")
    assert silent.value.reason == "silent"
    assert silent.value.quiet >= 0.01
