"""A link that breaks: inside the exchange's window the history is whole, outside an image and a recorded gap."""

import asyncio
from pathlib import Path

from ingestd.testing.exchange.process import Started, control
from ingestd.testing.rig.daemon import SOURCE, DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import ask, journal_frames, judge
from ingestd.testing.rig.kills import at_work, finished

CUTS = 3


async def sessions(process: DaemonProcess) -> float:
    """How many sessions there have been, once the last of them is live; until then 0."""
    page, of = await process.metrics(), f'{{source="{SOURCE}"}}'
    return page[f"source_connect_attempts_total{of}"] * page[f"source_connected{of}"]


async def cut(process: DaemonProcess, exchange: Started, *orders: str) -> None:
    """Cut the daemon off, and wait until it is there again."""
    before = await sessions(process)
    for order in ("cut", *orders):
        await control(exchange.url, order)

    async def again() -> bool:
        return await sessions(process) > before

    await until(again, "it has connected again")


async def intervals(url: str) -> list[tuple[object, ...]]:
    """What the coverage says of the source, in order; the reason of a cut is left out: systems tell it differently."""
    return await ask(
        url,
        "SELECT state, repaired_by, CASE WHEN ended_at > began_at THEN 'some time' ELSE '' END FROM coverage "
        "WHERE scope_kind = 'source' AND ended_at IS NOT NULL ORDER BY began_at",
    )


async def test_inside_the_window(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """Links cut and a daemon killed: the same history as without, and each time without a link is told."""
    async with daemon(tmp_path, following(store_url, exchange.url)) as process:
        await at_work(process, store_url)
        for _ in range(CUTS):
            await asyncio.sleep(0.3)
            await cut(process, exchange)
        await process.kill()
        await process.start()
        status = await finished(process, exchange.url, 0)
        assert await process.stop() == 0
    verdict = await judge(store_url, process.journal, status)
    assert (verdict.differences, verdict.unbalanced) == ({}, [])
    cuts = [found for found in await intervals(store_url) if found[0] != "complete"]
    assert cuts == [("down", "replay", "some time")] * (CUTS + 1)


async def test_outside_the_window(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """What was missed is missing, everything else is as it was, and the gap is recorded with its repair."""
    async with daemon(tmp_path, following(store_url, exchange.url)) as process:
        await at_work(process, store_url)
        for order in ("stall", "drop_window"):
            await control(exchange.url, order)
            await asyncio.sleep(0.2)
        await cut(process, exchange, "resume")
        status = await finished(process, exchange.url, 0)
        assert await process.stop() == 0
    missed = gaps(process)
    assert [until > after for after, until in missed] == [True]
    verdict = await judge(store_url, process.journal, status, missed)
    assert (verdict.differences, verdict.unbalanced) == ({}, [])
    assert [found for found in await intervals(store_url) if found[0] != "complete"] == [("gap", "image", "some time")]


def gaps(process: DaemonProcess) -> list[tuple[int, int]]:
    """The last statement before, and the image after, each session that could not be resumed."""
    frames = journal_frames(process.journal)
    afresh = [k for k, frame in enumerate(frames) if k and frame.kind == "opened" and frame.epoch]
    last = [next(frame.token for frame in reversed(frames[:k]) if frame.kind == "data") for k in afresh]
    return [(number(before), number(frames[k].token)) for before, k in zip(last, afresh, strict=True)]


def number(token: str) -> int:
    """The statement that a token names."""
    return int(token.partition(":")[2].rstrip("!"))
