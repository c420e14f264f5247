"""What a plan decides is done: what to ask first, what an answer is worth, what comes on further pages, what is over."""

import pytest

from ingestd.errors import Disconnected, Finished, Refused, Throttled
from ingestd.errors import first as first_of
from tests.unit.sources.transports.polling.conftest import World, answer


async def test_a_session_begins_with_a_probe(world: World) -> None:
    """It costs what it costs, is learned from, and makes no frame unless it is a query itself."""
    await world.listen(1)
    assert world.asked == [(0, "probe", 1), (0.001, "a", 1)]
    assert (world.taken, world.learned) == ([("probe", 2.0), ("a", 2.0)], ["probe", "a"])
    assert [(frame.kind, frame.meta.get("key")) for frame in world.frames] == [("opened", None), ("data", "a")]


async def test_a_probe_that_is_a_query_is_not_asked_twice(world: World) -> None:
    """Its answer is the query's."""
    world.probed = "a"
    await world.listen(9)
    assert [(key, frame.meta["whole"]) for _, key, _ in world.asked for frame in world.data] == [("a", "1")]


@pytest.mark.parametrize("error", [Disconnected("down"), Throttled(7), Finished("nothing")])
async def test_a_probe_that_fails(world: World, error: Disconnected | Throttled | Finished) -> None:
    """There is no session; that there is nothing to say is an answer too."""
    world.says["probe"] = lambda _: error
    if isinstance(error, Finished):
        await world.listen(1)
        assert len(world.data) == 1
    else:
        with pytest.raises(type(error)):
            await world.listen(1)
        assert world.frames == []


async def test_a_probe_the_budget_does_not_allow(world: World) -> None:
    """Nothing is asked; the collector waits as long as it takes."""
    world.allowance = lambda _: 3_600.0
    with pytest.raises(Throttled, match="budget: wait 3600"):
        await world.listen(1)
    assert world.asked == []


async def test_pages_are_one_walk(world: World) -> None:
    """The first begins an epoch, the last says no ``more``; the token moves with the last, and each page is paid for."""
    world.pages["a"] = 3
    await world.listen(5)
    assert [(frame.meta["page"], frame.meta.get("more"), frame.epoch, frame.token != "") for frame in world.data] == [
        ("1", "1", True, False),
        ("2", "1", False, False),
        ("3", None, False, True),
    ]
    assert [job for job, _ in world.taken] == ["probe", "a", "a", "a"]
    assert world.data[0].meta == {"key": "a", "url": "https://provider.example/", "status": "200", "type": "", "page": "1", "more": "1"}


async def test_a_walk_that_breaks_begins_again(world: World) -> None:
    """At its first page: half an image is none."""
    world.pages["a"] = 3
    broken = iter([Disconnected("reset")])
    world.says["a"] = lambda request: next(broken, "ok") if request.url.endswith("@2") else "ok"
    await world.listen(5)
    assert [page for _, key, page in world.asked if key == "a"] == [1, 2, 1, 2, 3]
    assert [frame.epoch for frame in world.data] == [True, True, False, False]


async def test_pages_without_end(world: World) -> None:
    """A next page that is the same page is a failure, and no image of anything."""
    world.next_page = lambda poll, answer: world.requests[-1]  # type: ignore[method-assign]
    with pytest.raises(ExceptionGroup) as caught:
        await world.listen(60)
    assert str(first_of(caught.value)).startswith("endless: https://provider.example/: page 1 is not the last")
    assert world.data == []


async def test_what_is_over_is_left_alone(world: World) -> None:
    """Finished: no frame, not asked before its time, and it holds up nobody who waits for everything to be known."""
    world.intervals = {"a": 10.0, "b": 10.0}
    world.says["b"] = lambda _: Finished("over")
    await world.listen(9)
    assert [key for _, key, _ in world.asked] == ["probe", "a", "b"]
    assert [(frame.kind, frame.meta.get("whole")) for frame in world.frames] == [("opened", None), ("data", None), ("alive", "1")]


async def test_what_nobody_can_mend_ends_the_session(world: World) -> None:
    """As the plan says."""
    world.judge = lambda poll, answer, http: Refused("unauthorised") if poll.key == "a" else None  # type: ignore[method-assign]
    with pytest.raises(ExceptionGroup) as caught:
        await world.listen(1)
    assert isinstance(first_of(caught.value), Refused)


async def test_a_plan_that_names_nothing(world: World) -> None:
    """Everything that it names is known; a query that it names later is asked within half a minute."""
    world.intervals = {}

    async def name_one(session: object) -> None:
        world.intervals = {"late": 10.0}

    await world.listen(62, then=name_one)
    assert [(frame.kind, frame.meta) for frame in world.frames[:2]] == [("opened", {}), ("alive", {"whole": "1"})]
    assert world.at(world.data[0]) <= 61


async def test_a_query_learned_from_an_answer_belongs_to_everything(world: World) -> None:
    """``whole`` waits for what the list named."""

    def learn(poll: object, answer: object, now: int) -> None:
        world.intervals = {"a": 10.0, "event": 10.0}

    world.learn = learn  # type: ignore[method-assign]
    await world.listen(5)
    assert [(frame.meta["key"], frame.meta.get("whole")) for frame in world.data] == [("a", None), ("event", "1")]


async def test_a_status_that_the_plan_lets_pass(world: World) -> None:
    """Is in the frame: the decoder may want to know."""
    world.says["a"] = lambda _: answer("x", 207, content_type="text/csv")
    await world.listen(1)
    assert (world.data[0].payload, world.data[0].meta["status"], world.data[0].meta["type"]) == (b"x", "207", "text/csv")
