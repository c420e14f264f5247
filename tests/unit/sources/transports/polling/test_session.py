"""Polling in its time: intervals, conditions, failures, patience, budgets, and tokens that put nothing forward."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from random import Random

import pytest
from aiohttp import web

from ingestd.errors import Disconnected, Throttled
from ingestd.errors import first as first_of
from ingestd.model import WHOLE, Frame, Scope
from ingestd.sources.http import Http, Request, opened
from ingestd.sources.transports.polling import Poll, Poller, PollingSession
from tests.unit.sources.conftest import serving
from tests.unit.sources.transports.polling.conftest import World, answer


def times(world: World, key: str) -> list[int]:
    """When a query was asked, in whole seconds."""
    return [round(at) for at, asked, _ in world.asked if asked == key]


async def test_each_query_has_its_interval(world: World) -> None:
    """From one walk to the next, as it stands by then."""
    world.intervals = {"a": 10.0, "b": 25.0}
    await world.listen(61)
    assert times(world, "a") == [0, 10, 20, 30, 40, 50, 60]
    assert times(world, "b") == [0, 25, 50]


async def test_an_interval_that_shrinks_is_noticed(world: World) -> None:
    """Within half a minute, however long it was."""
    world.intervals = {"a": 86_400.0}

    async def kick_off(session: PollingSession) -> None:
        world.intervals = {"a": 5.0}

    await world.listen(200, then=kick_off)
    assert times(world, "a")[0] == 0
    assert 100 <= times(world, "a")[1] <= 130


async def test_whole_is_told_once_when_everything_is_walked(world: World) -> None:
    """With the last one's frame."""
    world.intervals = {"a": 10.0, "b": 10.0}
    world.pages["b"] = 2
    await world.listen(35)
    assert [(frame.meta["key"], frame.meta["page"]) for frame in world.data if "whole" in frame.meta] == [("b", "2")]


async def test_unchanged_answers_make_no_frame(world: World) -> None:
    """Asked by tag and date; once an hour in full, whatever the server says."""
    world.says["a"] = lambda request: (
        answer(status=304) if request.headers else answer("x", etag='"1"', last_modified="Tue, 24 Nov 2026 19:00:00 GMT")
    )
    await world.listen(3_700)
    assert [world.at(frame) for frame in world.data] == [0, 3600]
    assert world.requests[2].headers == {"If-None-Match": '"1"', "If-Modified-Since": "Tue, 24 Nov 2026 19:00:00 GMT"}


async def test_a_walk_of_pages_is_asked_without_conditions(world: World) -> None:
    """The tag of one page says nothing of the others."""
    world.pages["a"] = 2
    world.says["a"] = lambda _: answer("x", etag='"1"')
    await world.listen(15)
    assert [request.headers for request in world.requests] == [{}] * 5


async def test_a_query_that_goes_on_failing_is_told_once(world: World) -> None:
    """After four failures, with growing pauses; the others go on; the next answer is in full and mends it."""
    world.intervals = {"a": 10.0, "b": 5.0}
    world.says["a"] = lambda request: answer("x", etag='"1"') if not 30 < world.clock.monotonic() < 90 else Disconnected("reset")
    await world.listen(150)
    told = [frame for frame in world.frames if "failed" in frame.meta]
    assert [(frame.kind, frame.meta) for frame in told] == [("alive", {"failed": "a", "reason": "reset"})]
    failing = [at for at, key, _ in world.asked if key == "a" and 30 < at < 90]
    pauses = [later - earlier for earlier, later in pairwise(failing)]
    assert all(0.5 * 2**n <= pause <= 2**n + 0.1 for n, pause in enumerate(pauses))
    after = [request.headers for request, (at, key, _) in zip(world.requests, world.asked, strict=True) if key == "a" and at >= 90]
    assert (after[0], after[1] != {}) == ({}, True)
    assert max(later - earlier for earlier, later in pairwise(times(world, "b"))) <= 6


async def test_where_everything_fails_the_session_ends(world: World) -> None:
    """With the last failure's own reason, after a few attempts."""
    world.intervals = {"a": 10.0, "b": 10.0}
    world.says |= dict.fromkeys("ab", lambda _: Disconnected("reset"))
    with pytest.raises(ExceptionGroup) as caught:
        await world.listen(100)
    error = first_of(caught.value)
    assert (isinstance(error, Disconnected), str(error)) == (True, "reset")
    assert 4 <= len(world.asked) <= 9
    assert [frame.kind for frame in world.frames] == ["opened"]


async def test_one_failing_query_does_not_end_the_session(world: World) -> None:
    """Though nothing else is asked for long."""
    world.intervals = {"a": 10.0, "b": 600.0}
    world.says["a"] = lambda _: Disconnected("reset")
    await world.listen(500)
    assert [frame.meta.get("failed") for frame in world.frames] == [None, None, "a"]


async def test_what_keeps_failing_is_asked_no_oftener_than_what_answers(world: World) -> None:
    """An attempt may cost a credit: a day without answers costs about as many as a day with them."""
    world.intervals = {"a": 3_600.0, "b": 60.0}
    world.says["a"] = lambda _: Disconnected("reset")
    await world.listen(86_400)
    assert len(times(world, "a")) <= 12 + 2 * 24


async def test_a_new_session_tells_again_what_fails(world: World) -> None:
    """Being connected says nothing of a query that was failing before: its prices must not seem live until it answers."""
    world.intervals = {"a": 100.0, "b": 100.0}
    world.says["a"] = lambda _: Disconnected("reset") if world.clock.monotonic() < 1_000 else "ok"
    await world.listen(200)
    told = len(world.frames)
    await world.listen(1_200, resume=world.token)
    again = world.frames[told:]
    assert [(frame.kind, frame.meta.get("failed")) for frame in again[:2]] == [("opened", None), ("alive", "a")]
    assert again[-1].meta["key"] in {"a", "b"}
    await world.listen(10, resume=world.token)
    assert [frame.meta["failed"] for frame in world.frames if "failed" in frame.meta] == ["a", "a"]


async def test_what_nobody_can_afford_to_ask_is_not_known_for_long(world: World) -> None:
    """A query whose walk lies too far back is told once, though the session lives; a renewal hastens nothing; its next walk mends it."""
    world.intervals = {"a": 50_000.0, "b": 600.0}
    world.poller.fresh_for = 3_600.0

    async def renewed(session: PollingSession) -> None:
        await session.renew(Scope("query", "a"))

    await world.listen(99_000, then=renewed)
    assert [(world.at(frame) // 60, frame.meta) for frame in world.frames if "failed" in frame.meta] == [
        (60, {"failed": "a", "reason": "overdue"}),
        (893, {"failed": "a", "reason": "overdue"}),
    ]
    assert times(world, "a") == [0, 50_000]


async def test_a_plan_at_rest_is_a_sign_of_life(world: World) -> None:
    """Nothing is due for hours: that is no silence."""
    world.intervals = {"a": 50_000.0}
    async with world.poller.connect("") as session:
        await session.read()
        await session.read()
        began = world.clock.monotonic()
        assert await session.read() == []
        assert world.clock.monotonic() - began <= 30


async def test_patience_within_the_session(world: World) -> None:
    """A short wait is waited, by everybody; the walk goes on with the page that was refused."""
    world.intervals = {"a": 100.0, "b": 1.0}
    world.pages["a"] = 2
    busy = iter([Throttled(30)])
    world.says["a"] = lambda request: next(busy, "ok") if request.url.endswith("@2") else "ok"
    await world.listen(40)
    assert [(round(at), key, page) for at, key, page in world.asked[:4]] == [(0, "probe", 1), (0, "a", 1), (0, "a", 2), (30, "a", 2)]
    assert [frame.meta["page"] for frame in world.data[:2]] == ["1", "2"]
    assert times(world, "b")[0] == 30


async def test_a_long_wait_ends_the_session(world: World) -> None:
    """The collector waits, and shows it."""
    world.says["a"] = lambda _: Throttled(91)
    with pytest.raises(ExceptionGroup) as caught:
        await world.listen(100)
    error = first_of(caught.value)
    assert isinstance(error, Throttled)
    assert error.seconds == 91


async def test_a_server_that_throttles_for_no_time_is_not_hammered(world: World) -> None:
    """Once a second at most."""
    world.says["a"] = lambda _: Throttled(0)
    await world.listen(10)
    assert len(times(world, "a")) <= 11


async def test_a_reconnection_asks_for_nothing_before_its_time(world: World) -> None:
    """Due times go on, in the same process; nothing is told as new that was known."""
    world.intervals = {"a": 100.0, "b": 100.0}
    await world.listen(30)
    await world.listen(100, resume=world.token)
    assert (times(world, "a"), times(world, "b")) == ([0, 100], [0, 100])
    opened = world.frames[3]
    assert (opened.kind, opened.epoch, opened.meta) == ("opened", False, {"resumed": "conflated"})


async def test_a_restart_asks_for_nothing_before_its_time(world: World) -> None:
    """By the token alone, conditions included; what was overdue is asked once, not once per interval missed."""
    world.intervals = {"a": 100.0, "b": 1_000.0}
    world.says["b"] = lambda request: answer(status=304) if request.headers else answer("x", etag='"1"')
    await world.listen(30)
    world.reborn()
    await world.clock.sleep(500)
    await world.listen(480, resume=world.token)
    assert (times(world, "a"), times(world, "b")) == ([0, 530, 630, 730, 830, 930], [0, 1000])
    assert world.requests[-1].headers == {"If-None-Match": '"1"'}


async def test_a_token_of_another_time(world: World) -> None:
    """One that is none begins afresh; one from the future, as after a clock was set back, puts nothing off beyond its interval."""
    await world.listen(1, resume="no token")
    assert world.frames[0].epoch
    world.reborn()
    await world.listen(15, resume='{"a": [9999999999000000]}')
    assert times(world, "a") == [0, 11]


async def test_afresh_means_everything(world: World) -> None:
    """Without a token nothing that was known counts, and no tag is sent; the ``opened`` frame promises nothing."""
    world.says["a"] = lambda _: answer("x", etag='"1"')
    await world.listen(5)
    await world.listen(5)
    assert (times(world, "a"), world.requests[-1].headers) == ([0, 5], {})
    assert [(frame.kind, frame.token) for frame in world.frames if frame.kind == "opened"] == [("opened", "")] * 2
    assert [frame.meta["whole"] for frame in world.data] == ["1", "1"]


async def test_a_restart_amid_the_first_walks_still_comes_to_know_everything(world: World) -> None:
    """``whole`` is told by the session that gets there."""
    world.intervals = {"a": 100.0, "b": 100.0}
    world.says["b"] = lambda _: Disconnected("reset") if world.clock.monotonic() < 5 else "ok"
    await world.listen(1)
    assert not any("whole" in frame.meta for frame in world.frames)
    world.reborn()
    await world.clock.sleep(10)
    await world.listen(10, resume=world.token)
    assert [(frame.meta["key"], frame.meta.get("whole")) for frame in world.data] == [("a", None), ("b", "1")]


@pytest.mark.parametrize(("scope", "walked"), [(Scope("query", "b"), "b"), (WHOLE, "ab"), (Scope("market", "1"), "ab")])
async def test_a_renewal_is_walked_at_once_and_in_full(world: World, scope: Scope, walked: str) -> None:
    """One query, or everything; and only then is everything known anew. It survives a restart before it is done."""
    world.intervals = {"a": 1_000.0, "b": 1_000.0}
    world.says |= dict.fromkeys("ab", lambda _: answer("x", etag='"1"'))
    await world.listen(60, then=lambda session: session.renew(scope))
    assert [(key, round(at)) for at, key, _ in world.asked[3:]] == [(key, 30) for key in walked]
    assert [request.headers for request in world.requests[3:]] == [{}] * len(walked)
    assert [world.at(frame) for frame in world.data if "whole" in frame.meta] == ([0] if len(walked) == 1 else [0, 30])


async def test_a_budget_delays(world: World) -> None:
    """What may not be asked for now is asked when it may; what costs less is not held up by it."""
    world.intervals = {"a": 10.0, "b": 10.0}
    world.allowance = lambda job: max(0.0, 40 - world.clock.monotonic()) if job == "a" else 0.0
    await world.listen(41)
    assert (times(world, "a"), times(world, "b")) == ([40], [0, 10, 20, 30, 40])


async def test_a_budget_that_is_used_up_amid_a_walk(world: World) -> None:
    """A short wait is waited; a long one ends the session."""
    world.pages["a"] = 3
    world.allowance = lambda job: 0.0 if job == "probe" or len(world.taken) < 2 or world.clock.monotonic() > 20 else 21.0
    await world.listen(30)
    assert [(round(at), page) for at, key, page in world.asked if key == "a"] == [(0, 1), (21, 2), (21, 3)]
    world.allowance = lambda job: 0.0 if len(world.taken) < 6 else 91.0
    with pytest.raises(ExceptionGroup) as caught:
        await world.listen(30)
    assert isinstance(first_of(caught.value), Throttled)


async def test_what_the_plan_forgets_leaves_the_token(world: World) -> None:
    """Not at once: a plan that just woke knows little; after an hour, since tokens would grow for ever."""
    world.intervals = {"a": 10.0, "b": 10.0}
    await world.listen(5)
    world.intervals = {"a": 10.0}
    await world.listen(3_000, resume=world.token)
    assert '"b"' in world.token
    await world.listen(1_000, resume=world.token)
    assert '"b"' not in world.token


async def test_over_a_real_server(world: World) -> None:
    """Tags and pages on the wire."""
    seen: list[tuple[str, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers.get("If-None-Match")))
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(text="[]", headers={"ETag": '"1"'})

    async with serving(handle) as url:

        @asynccontextmanager
        async def client() -> AsyncIterator[Http]:
            async with opened(world.clock) as http:
                yield http

        world.poll = lambda key, page=1: _at(url, key)  # type: ignore[method-assign]
        world.next_page = lambda poll, answer: None  # type: ignore[method-assign]
        world.poller = Poller("s", world, client, world, world.clock, Random(1))
        async with world.poller.connect("") as session:
            frames: list[Frame] = []
            while len(seen) < 3:
                frames += await session.read()
    assert [frame.payload for frame in frames] == [b"", b"[]"]
    assert seen == [("/probe", None), ("/a", None), ("/a", '"1"')]


def _at(url: str, key: str) -> Poll:
    return Poll(key=key, request=Request(url=f"{url}/{key}"))
