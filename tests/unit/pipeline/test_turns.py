"""Turns are carried out at their place, in their order, and hold up the frames behind it."""

import asyncio

from ingestd.model import Frame
from ingestd.pipeline.turns import Turns


def place(position: int | None = None) -> asyncio.Future[int]:
    """Known, or not yet."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    if position is not None:
        future.set_result(position)
    return future


def frame(source: str, offset: int) -> Frame:
    """One at this position."""
    made = Frame(source, "data", 1)
    made.offset = offset
    return made


async def nothing() -> None:
    """Done."""


async def test_due_once_all_before_it_is_there() -> None:
    """Not while its place is not known."""
    turns, later = Turns(), place()
    turns.plan("a", place(7), nothing)
    turns.plan("b", later, nothing)
    assert turns.due(6) == []
    assert [turn.source for turn in turns.due(7)] == ["a"]
    assert [turn.source for turn in turns.due(100)] == ["a"]
    later.set_result(50)
    assert [turn.source for turn in turns.due(100)] == ["a", "b"]


async def test_only_frames_of_its_source_behind_it_wait() -> None:
    """Until it is carried out."""
    turns = Turns()
    turns.plan("a", place(7), nothing)
    assert [turns.hold_up(frame("a", offset)) for offset in (6, 7, 8)] == [False, False, True]
    assert not turns.hold_up(frame("b", 8))
    waiting = asyncio.create_task(turns.another())
    await asyncio.sleep(0)
    (turn,) = turns.due(7)
    assert not waiting.done()
    await turns.carry_out(turn)
    await waiting
    assert not turns.hold_up(frame("a", 8))
    assert turns.due(100) == []


async def test_a_place_not_known_holds_up_nothing() -> None:
    """What is there by then was read before."""
    turns = Turns()
    turns.plan("a", place(), nothing)
    assert not turns.hold_up(frame("a", 8))


async def test_turns_of_one_source_keep_their_order() -> None:
    """Gone and back at one place."""
    turns, done = Turns(), list[str]()

    async def note(word: str) -> None:
        done.append(word)

    for word in ("gone", "back"):
        turns.plan("a", place(7), lambda word=word: note(word))  # type: ignore[misc]
    for turn in turns.due(7):
        await turns.carry_out(turn)
    assert done == ["gone", "back"]
