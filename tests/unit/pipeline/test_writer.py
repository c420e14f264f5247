"""The writer: one batch at a time, however long it takes."""

import contextlib
import errno
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TypeVar

import pytest

from ingestd.batch import Batch, Change, Refusal, Warm, Written
from ingestd.errors import Fenced, StoreUnavailable
from ingestd.model import Frame, Run
from ingestd.pipeline.writer import Writer
from ingestd.relations import Known, Wanted
from ingestd.testing.clock import VirtualClock

T = TypeVar("T")
RUN = Run(run_id=1, kind="live", source="", started_at=0)
WRITTEN = Written({"odds": 3, "odds_history": 4})
AWAY = StoreUnavailable("away")
DOUBT = StoreUnavailable("reply lost", WRITTEN)


class Store:
    """Answers as it was told: an answer is raised or returned; positions likewise."""

    def __init__(self, *answers: Written | Exception, positions: tuple[int | Exception, ...] = ()) -> None:
        self.answers = list(answers)
        self.positions = list(positions)
        self.knowledge: list[Known | Exception] = []
        self.calls: list[str] = []

    async def write(self, batch: Batch) -> Written:
        """The next answer."""
        self.calls.append(f"write {batch.position}")
        return said(self.answers)

    async def position(self, run: Run, journal_id: int) -> int:
        """The next position."""
        self.calls.append(f"position {run.run_id} {journal_id}")
        return said(self.positions)

    async def prefer(self, sources: Sequence[str]) -> None:
        """Not called."""
        raise AssertionError(sources)

    async def known(self, wanted: Wanted) -> Known:
        """The next answer."""
        self.calls.append(f"known {wanted.revision}")
        return said(self.knowledge)

    async def prepare(self) -> None:
        """Not called."""
        raise AssertionError

    async def journal_id(self, uid: str, path: str) -> int:
        """Not called."""
        raise AssertionError(uid, path)

    async def begin(self, run: Run, journal_id: int, position: int) -> int:
        """Not called."""
        raise AssertionError(run, journal_id, position)

    async def warm(self, source: str, since: int, closed_since: int) -> Warm:
        """Not called."""
        raise AssertionError(source, since)

    async def past(self, source: str, offset: int, frame: Frame, since: int) -> Warm:
        """Not called."""
        raise AssertionError(source, offset, frame, since)

    async def seen_until(self, source: str) -> int | None:
        """Not called."""
        raise AssertionError(source)

    async def end(self, run: Run, *, ended_at: int, status: str, counts: Mapping[str, int], error: str = "") -> None:
        """Not called."""
        raise AssertionError(run, ended_at, status, counts, error)

    async def close(self) -> None:
        """Not called."""
        raise AssertionError


class Telemetry:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, str | float]]] = []
        self.added: list[tuple[str, float, dict[str, str]]] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Keep it."""
        self.facts.append((action, labels))

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Keep it."""
        self.added.append((name, value, labels))

    def sum(self, name: str, **labels: str) -> float:
        """What was added to a counter."""
        return sum(value for said, value, under in self.added if said == name and under == labels)


def said(answers: list[T | Exception]) -> T:
    """The next of them."""
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return answer


def batch(position: int = 70) -> Batch:
    """A batch of one row."""
    change = Change(1, 2, 0, 1.5, None, None, "open", "open", "", "provider", 2, 7)
    return Batch(run=RUN, journal_id=9, position=position, changes=[change])


async def test_what_is_written_is_said() -> None:
    """The store's answer comes back; status and counters follow."""
    clock, telemetry = VirtualClock(), Telemetry()
    refused = Written({"odds": 3}, (Refusal("odds", (1,), "too big"),))
    writer = Writer(Store(refused), clock, telemetry)
    assert await writer.commit(batch()) == refused
    status = writer.status
    assert (status.position, status.committed_at) == (70, clock.now())
    assert telemetry.sum("sink_records_total", table="odds") == 3
    assert telemetry.sum("sink_batches_total", outcome="committed") == 1
    assert telemetry.added[1:2] == [("sink_commit_duration_seconds", 0.0, {})]
    assert telemetry.facts == [
        ("batch.committed", {"rows": 1, "seconds": 0.0, "position": 70}),
        ("row.refused", {"table": "odds", "key": "(1,)", "error": "too big"}),
    ]


async def test_before_the_first_commit() -> None:
    """Nothing is known of the store."""
    status = Writer(Store(), VirtualClock(), Telemetry()).status
    assert (status.unavailable_since, status.committed_at, status.position) == (0, 0, 0)


async def test_a_store_that_is_away_is_tried_for_ever() -> None:
    """Pauses double up to the longest; unavailable is said once, available once, with how long it was."""
    clock, telemetry = VirtualClock(), Telemetry()
    store = Store(*[AWAY] * 9, WRITTEN, WRITTEN)
    writer = Writer(store, clock, telemetry)
    began = clock.monotonic()
    assert await writer.commit(batch()) == WRITTEN
    assert clock.monotonic() - began == 0.25 + 0.5 + 1 + 2 + 4 + 5 * 4
    assert store.calls == ["write 70"] * 10
    assert ("sink_commit_duration_seconds", 27.75, {}) in telemetry.added
    assert [fact for fact, _ in telemetry.facts] == ["store.unavailable", "store.available", "batch.committed"]
    assert telemetry.facts[0][1] == {"problem": "away"}
    assert telemetry.facts[1][1] == {"seconds": 27.8}
    assert telemetry.sum("sink_retries_total") == 9
    assert (writer.status.unavailable_since, writer.status.problem) == (0, "")
    await writer.commit(batch(80))
    assert [fact for fact, _ in telemetry.facts[3:]] == ["batch.committed"]


async def test_while_away_the_status_says_so() -> None:
    """Since when and why."""
    clock = VirtualClock()

    class Watched(Store):
        async def write(self, batch: Batch) -> Written:
            seen.append((writer.status.unavailable_since, writer.status.problem, writer.status.busy_since))
            return await super().write(batch)

    seen: list[tuple[int, str, int]] = []
    writer = Writer(Watched(AWAY, StoreUnavailable("still"), WRITTEN), clock, Telemetry())
    began = clock.now()
    await writer.commit(batch())
    assert seen == [(0, "", began), (began, "away", began), (began, "still", began)]
    assert writer.status.busy_since == 0


async def test_the_reason_names_no_place() -> None:
    """What health shows to whoever asks: the first cause, as the system or its own class calls it."""
    clock = VirtualClock()
    writer = Writer(Store(), clock, Telemetry())
    said = []
    for cause in (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.5', 5432)"), TimeoutError("db.example.org")):
        error = StoreUnavailable("store postgresql://ingestd@db.example.org/odds: away")
        error.__cause__ = RuntimeError("wrapped")
        error.__cause__.__cause__ = cause
        writer.unavailable(error)
        said.append(writer.status.reason)
    with contextlib.closing(sqlite3.connect(":memory:")) as db, pytest.raises(sqlite3.OperationalError) as caught:
        db.execute("SELECT * FROM nowhere")
    refused = StoreUnavailable("store /var/odds.db: no such table")
    refused.__cause__ = caught.value
    writer.unavailable(refused)
    assert [*said, writer.status.reason] == ["Connection refused", "TimeoutError", "SQLITE_ERROR"]


async def test_any_question_is_asked_until_it_is_answered() -> None:
    """And the status says meanwhile that the store is away."""
    clock, telemetry = VirtualClock(), Telemetry()
    writer = Writer(Store(), clock, telemetry)
    answers: list[Exception | int] = [StoreUnavailable("away"), 7]

    async def ask() -> int:
        assert writer.status.busy_since
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await writer.asked(ask) == 7
    assert [fact for fact, _ in telemetry.facts] == ["store.unavailable", "store.available"]
    assert (writer.status.busy_since, writer.status.reason) == (0, "")


async def test_a_commit_in_doubt_that_arrived_is_not_repeated() -> None:
    """The checkpoint is read before anything else; what would have been written was."""
    telemetry = Telemetry()
    store = Store(DOUBT, positions=(70,))
    assert await Writer(store, VirtualClock(), telemetry).commit(batch()) == WRITTEN
    assert store.calls == ["write 70", "position 1 9"]
    assert telemetry.sum("sink_ambiguous_commits_total", outcome="committed") == 1
    assert [fact for fact, _ in telemetry.facts] == ["store.unavailable", "store.in_doubt", "store.available", "batch.committed"]


async def test_a_commit_in_doubt_that_did_not_arrive_is_repeated() -> None:
    """Once looked up, doubt is over."""
    telemetry = Telemetry()
    store = Store(DOUBT, AWAY, Written({"odds": 1}), positions=(60,))
    assert await Writer(store, VirtualClock(), telemetry).commit(batch()) == Written({"odds": 1})
    assert store.calls == ["write 70", "position 1 9", "write 70", "write 70"]
    assert telemetry.sum("sink_ambiguous_commits_total", outcome="aborted") == 1


async def test_doubt_lasts_until_the_checkpoint_could_be_read() -> None:
    """Nothing is written before."""
    store = Store(DOUBT, positions=(AWAY, AWAY, 70))
    assert await Writer(store, VirtualClock(), Telemetry()).commit(batch()) == WRITTEN
    assert store.calls == ["write 70", *["position 1 9"] * 3]


async def test_a_batch_that_moves_nothing_cannot_be_looked_up() -> None:
    """The checkpoint stood there before it: it is repeated, which changes nothing if it arrived."""
    store = Store(WRITTEN, DOUBT, WRITTEN, positions=())
    writer = Writer(store, VirtualClock(), Telemetry())
    await writer.commit(batch())
    await writer.commit(batch())
    assert store.calls == ["write 70"] * 3


async def test_a_question_waits_for_its_answer() -> None:
    """However long the store is away, which is told as for a batch."""
    store = Store()
    store.knowledge = [AWAY, AWAY, Known(7)]
    writer = Writer(store, VirtualClock(), Telemetry())
    assert await writer.known(Wanted(3)) == Known(7)
    assert store.calls == ["known 3"] * 3
    assert (writer.status.unavailable_since, writer.status.problem) == (0, "")


@pytest.mark.parametrize("answers", [(Fenced(),), (AWAY, Fenced())])
async def test_a_fence_passes(answers: tuple[Exception, ...]) -> None:
    """Another daemon took over: no retry."""
    writer = Writer(Store(*answers), VirtualClock(), Telemetry())
    with pytest.raises(Fenced):
        await writer.commit(batch())
    assert writer.status.committed_at == 0


async def test_a_fence_passes_in_doubt_too() -> None:
    """Also when it shows only on looking up."""
    with pytest.raises(Fenced):
        await Writer(Store(DOUBT, positions=(Fenced(),)), VirtualClock(), Telemetry()).commit(batch())


async def test_what_the_store_would_not_do_is_counted() -> None:
    """By what it was: it was away, a row of it was refused, another daemon took over."""
    telemetry = Telemetry()
    refused = Written({"odds": 3}, (Refusal("odds", (1,), "too big"), Refusal("odds", (2,), "too big")))
    writer = Writer(Store(AWAY, AWAY, refused, Fenced()), VirtualClock(), telemetry)
    await writer.commit(batch())
    with pytest.raises(Fenced):
        await writer.commit(batch(71))
    counted = {reason: telemetry.sum("sink_errors_total", reason=reason) for reason in ("unavailable", "refused", "fenced")}
    assert counted == {"unavailable": 2, "refused": 2, "fenced": 1}
    assert telemetry.sum("sink_batch_records") == 1
