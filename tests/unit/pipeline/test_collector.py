"""The one loop that keeps a source alive: resuming, silence, pauses, renewals, and no frame lost wherever it is stopped."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from ingestd.errors import Disconnected, Finished, IngestdError, JournalFull, Refused, Throttled
from ingestd.interfaces import Decoder
from ingestd.model import SECOND, WHOLE, Frame, Scope, SourceTail, TimeRule
from ingestd.pipeline.collector import Collector, Policy
from ingestd.pipeline.intake import Intake
from ingestd.testing.clock import VirtualClock

SILENT = Policy(silence_limit=30)
MARKET = Scope("market", "1.1")
FOREVER = 1e9
Step = float | IngestdError | Frame | list[Frame]
Script = list[Step] | IngestdError | float


class Telemetry:
    """Remembers the facts."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, str | float]]] = []
        self.counts: Counter[str] = Counter()

    def fact(self, action: str, /, **labels: str | float) -> None:
        self.facts.append((action, labels))

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        self.counts[name] += round(value)

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.facts]


class MemoryJournal:
    """Frames in a list; tails as the real one derives them."""

    uid = "memory"

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.frames: list[Frame] = []
        self.full = False
        self.pause = 0.001

    async def append(self, frames: Sequence[Frame]) -> int:
        if self.full:
            message = "full"
            raise JournalFull(message)
        await self.clock.sleep(self.pause)
        self.frames += frames
        return len(self.frames)

    def last(self) -> int:
        return len(self.frames)

    async def tail_of(self, source: str) -> SourceTail:
        token, epoch, at, size, last, count = "", 0, 0, 0, 0, 0
        for position, frame in enumerate(self.frames, 1):
            if frame.source != source:
                continue
            if frame.epoch:
                epoch, at, size = position, frame.received_at, 0
            token, size, last, count = frame.token or token, size + len(frame.payload), frame.received_at, count + 1
        return SourceTail(token=token, epoch=epoch, epoch_at=at, epoch_bytes=size, received_at=last, ordinal=count)


class ScriptedSession:
    """Plays steps: a number waits, an error is raised, frames are read. At the end it waits for ever."""

    def __init__(self, feed: "ScriptedFeed", steps: list[Step]) -> None:
        self.feed = feed
        self.steps = steps

    async def read(self) -> Sequence[Frame]:
        while True:
            step = self.steps[0] if self.steps else FOREVER
            if isinstance(step, int | float):
                await self.feed.clock.sleep(step)
            if self.steps:
                self.steps.pop(0)
            if isinstance(step, IngestdError):
                raise step
            if isinstance(step, Frame | list):
                frames = [step] if isinstance(step, Frame) else step
                for frame in frames:
                    frame.received_at = frame.received_at or self.feed.clock.now()
                self.feed.handed += frames
                return frames

    async def renew(self, scope: Scope) -> None:
        self.feed.renewed.append((self.feed.clock.monotonic(), scope))
        await self.feed.clock.sleep(self.feed.renew_takes)


class ScriptedFeed:
    """One list of steps per session; an error instead of a list is raised on connecting, a number delays it."""

    time_rule: TimeRule = "ordered"
    silence_limit: float = FOREVER
    renewable: bool = True

    def __init__(self, clock: VirtualClock, *sessions: Script) -> None:
        self.clock = clock
        self.sessions = list(sessions)
        self.resumed: list[str] = []
        self.connected_at: list[float] = []
        self.left: list[float] = []
        self.renewed: list[tuple[float, Scope]] = []
        self.handed: list[Frame] = []
        self.renew_takes = 0.0
        self.leave_takes = 0.0

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator[ScriptedSession]:
        self.resumed.append(resume)
        self.connected_at.append(self.clock.monotonic())
        script = self.sessions.pop(0) if self.sessions else []
        if isinstance(script, IngestdError):
            raise script
        if isinstance(script, int | float):
            await self.clock.sleep(script)
            script = []
        try:
            yield ScriptedSession(self, list(script))
        finally:
            await self.clock.sleep(self.leave_takes)
            self.left.append(self.clock.monotonic())

    def decoder(self) -> Decoder:
        raise NotImplementedError


class Rig:
    """A collector, an intake and a journal on virtual time."""

    def __init__(self, *sessions: Script, policy: Policy | None = None, name: str = "s", max_records: int = 20_000) -> None:
        self.clock = VirtualClock()
        self.telemetry = Telemetry()
        self.journal = MemoryJournal(self.clock)
        self.intake = Intake(self.journal, self.clock, self.telemetry, max_records)  # type: ignore[arg-type]
        self.feed = ScriptedFeed(self.clock, *sessions)
        self.collector = self.also(name, self.feed, policy)

    def also(self, name: str, feed: ScriptedFeed, policy: Policy | None = None) -> Collector:
        return Collector(name, feed, self.intake, self.journal, self.clock, self.telemetry, Random(7), policy or Policy())  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self, *others: Collector) -> AsyncIterator[None]:
        """Runs them until the block ends, then closes in the order of the supervisor."""
        async with asyncio.TaskGroup() as group:
            appending = group.create_task(self.intake.run())
            collecting = [group.create_task(collector.run()) for collector in (self.collector, *others)]
            yield
            for collector in (self.collector, *others):
                await collector.close()
            await asyncio.wait(collecting)
            await self.intake.close()
            await appending

    async def run(self, seconds: float) -> None:
        """All of it for so long."""
        async with self.running():
            await self.clock.sleep(seconds)

    def written(self, kind: str = "") -> list[Frame]:
        return [frame for frame in self.journal.frames if kind in {"", frame.kind}]

    def second(self, frame: Frame) -> float:
        return (frame.received_at - 1_700_000_000 * SECOND) / SECOND


def opened(token: str = "", *, at: int = 0, epoch: bool = True, **meta: str) -> Frame:
    """How a session begins; ``at`` 0: now."""
    return Frame("s", "opened", at, token=token, epoch=epoch, meta=meta)


def every(seconds: float, times: int) -> list[Step]:
    """A frame now and then."""
    steps: list[Step] = []
    for _ in range(times):
        steps += [seconds, data()]
    return steps


def data(payload: bytes = b"x", token: str = "", at: int = 0, source: str = "s") -> Frame:
    """What a session gives out; ``at`` 0: now."""
    return Frame(source, "data", at, payload, token)


async def test_it_resumes_by_the_last_durable_token() -> None:
    """After a break it asks for what follows the last token in the journal, the closed frame notwithstanding."""
    rig = Rig([opened(), data(token="t1"), data(token="t2"), Disconnected("reset")], [opened("t2", epoch=False, resumed="replay"), data()])
    await rig.run(10)

    assert rig.feed.resumed == ["", "t2"]
    assert [frame.kind for frame in rig.written()] == ["opened", "data", "data", "closed", "opened", "data", "closed"]
    assert [frame.meta["reason"] for frame in rig.written("closed")] == ["reset", "stopped"]


async def test_a_session_hears_which_of_its_frames_are_durable() -> None:
    """Its own, once the journal has them, and not what the collector says beside."""
    told: list[tuple[float, Frame]] = []

    class Door(ScriptedSession):
        refused: Mapping[str, int] = {}

        def durable(self, frames: Sequence[Frame]) -> None:
            assert all(frame in rig.journal.frames for frame in frames)
            told.extend((rig.clock.monotonic(), frame) for frame in frames)

    class Doors(ScriptedFeed):
        @asynccontextmanager
        async def connect(self, resume: str) -> AsyncIterator[ScriptedSession]:
            yield Door(self, list(self.sessions.pop(0)))  # type: ignore[arg-type]

    rig = Rig()
    rig.feed = Doors(rig.clock, [opened(), data(b"1"), 20.0, data(b"2")])
    rig.collector = rig.also("s", rig.feed)
    await rig.run(30)
    assert [(round(at), frame.payload) for at, frame in told] == [(0, b""), (0, b"1"), (20, b"2")]


async def test_it_waits_for_what_is_under_way_before_it_resumes() -> None:
    """A token read but not yet durable is waited for: resuming by the one before would ask for frames twice."""
    rig = Rig([opened(), data(token="t1"), data(token="t2"), Disconnected("reset")], [opened("t2", epoch=False, resumed="replay")])
    rig.journal.pause = 10.0
    await rig.run(60)

    assert rig.feed.resumed == ["", "t2"]


async def test_a_source_that_always_has_more_lets_others_run() -> None:
    """A session that never waits cannot keep the loop for itself."""
    rig = Rig([opened(), *[[data()] * 10 for _ in range(1_000)]], max_records=1 << 30)
    turns = 0
    async with rig.running():
        while len(rig.feed.handed) < 10_000:
            await asyncio.sleep(0)
            turns += 1
    assert turns >= 10


async def test_nothing_is_said_between_sessions() -> None:
    """While a source waits to reconnect no alive frame claims that its link is healthy, and no state says live."""
    rig = Rig([opened(), data(), Throttled(100)], [opened(), data()])
    async with rig.running():
        await rig.clock.sleep(90)
        assert rig.collector.status.state == "recovering"
        assert [frame.kind for frame in rig.written()] == ["opened", "data", "closed"]


async def test_opened_and_closed_alone_are_no_recovery() -> None:
    """A provider that accepts and hangs up has not ended the outage."""
    flaps: list[Script] = [[opened(), Disconnected("closed")] for _ in range(5)]
    rig = Rig(*flaps, [opened(), data()])
    await rig.run(60)

    assert rig.telemetry.actions == ["source.disconnected", "source.recovered", "source.stopped"]


async def test_a_restart_resumes_from_what_the_journal_holds() -> None:
    """Token, time and count of the source come from the journal, so nothing else needs to survive a crash."""
    rig = Rig([opened(epoch=False, resumed="replay"), data()])
    future = rig.clock.now() + 3_600 * SECOND
    rig.journal.frames = [Frame("s", "opened", future, epoch=True, token="t9"), Frame("other", "opened", future, epoch=True, token="no")]
    await rig.run(1)

    assert rig.feed.resumed == ["t9"]
    assert {frame.received_at for frame in rig.written()} == {future}
    assert rig.collector.status.read == 4


async def test_a_token_without_an_epoch_is_not_used() -> None:
    """Where the journal no longer holds the start of the epoch, no decoder could follow: everything is asked for."""
    rig = Rig([opened(), data()])
    rig.journal.frames = [Frame("s", "data", 1, token="t9")]
    await rig.run(1)

    assert rig.feed.resumed == [""]


async def test_no_token_resumes_while_everything_is_asked_for() -> None:
    """A break reported by the loader ends the epoch: the next session starts afresh, and only then tokens count again."""
    rig = Rig(
        [opened(token="t1"), data(token="t2"), 5, Disconnected("reset")],
        [opened(token="t3"), 5, Disconnected("reset")],
        [opened(epoch=False)],
    )
    async with rig.running():
        await rig.clock.sleep(1)
        rig.collector.renew(WHOLE)
        await rig.clock.sleep(30)

    assert rig.feed.resumed == ["", "", "t3"]


async def test_what_was_read_is_counted() -> None:
    """Frames that carry data, and their bytes, apart from those that only frame a session."""
    rig = Rig([opened(), data(b"12"), [data(b"345"), Frame("s", "data", 0, b"6789", epoch=True)], []])
    await rig.run(15)
    status = rig.collector.status

    assert (status.read, status.received, status.received_bytes) == (6, 3, 9)
    assert status.last_received_at == rig.written()[-1].received_at


async def test_received_at_never_goes_back() -> None:
    """A frame stamped before its predecessor gets the predecessor's time."""
    rig = Rig([opened(at=10), data(at=50), data(at=20), data(at=60)])
    await rig.run(1)

    assert [frame.received_at for frame in rig.written()][:4] == [10, 50, 50, 60]


async def test_silence_ends_the_session() -> None:
    """No byte for the silence limit: a closed frame says so and since when, and the source reconnects."""
    rig = Rig([opened(), data(), 10, data()], [opened(), data()], policy=SILENT)
    async with rig.running():
        await rig.clock.sleep(39)
        assert rig.collector.status.state == "live"
        await rig.clock.sleep(2)
        assert (rig.collector.status.state, rig.collector.status.reason) in {("silent", "silent"), ("live", "")}
        await rig.clock.sleep(5)

    assert rig.telemetry.actions[:3] == ["source.connected", "source.silent", "source.recovered"]
    silent = rig.written("closed")[0]
    assert silent.meta == {"reason": "silent", "heard": str(1_700_000_010 * SECOND)}
    assert rig.second(silent) == pytest.approx(40, abs=1.1)
    assert len(rig.feed.resumed) == 2


async def test_one_link_of_several_that_went_silent_is_dated_by_itself() -> None:
    """The session heard others until just now: the closed frame says since when that one was not."""
    rig = Rig([opened(), data(), 50, data(), Disconnected("silent", "connection 2", quiet=30)])
    await rig.run(52)

    assert rig.written("closed")[0].meta == {"reason": "silent", "heard": str(1_700_000_020 * SECOND)}


async def test_a_sign_of_life_without_frames_is_no_silence() -> None:
    """An empty read says that bytes came: the link lives on."""
    steps: list[Step] = [opened(), data()]
    for _ in range(10):
        steps += [20, []]
    rig = Rig(steps, policy=SILENT)
    await rig.run(195)

    assert len(rig.feed.resumed) == 1


async def test_alive_frames_every_interval_while_quiet() -> None:
    """A healthy quiet link is written down every ten seconds, a busy one needs no such frame."""
    rig = Rig([opened(), data(), 24, data(), *every(5, 5)])
    await rig.run(48)

    assert [round(rig.second(frame)) for frame in rig.written("alive")] == [10, 20]


async def test_a_program_that_stood_still_blames_nobody() -> None:
    """After a stop of the process longer than the silence limit, the unread bytes are read before silence is judged."""
    rig = Rig([opened(), data()], policy=SILENT)
    async with rig.running():
        await rig.clock.sleep(5)
        rig.clock.stand_still(60)
        await rig.clock.sleep(20)
        assert len(rig.feed.resumed) == 1


async def test_backoff_grows_within_its_bounds_and_is_said_once() -> None:
    """Every pause is at most base * 2**n and the cap; one outage is one fact when it starts and one when it ends."""
    rig = Rig(*[Disconnected("refused", str(attempt)) for attempt in range(12)], [opened(), data()])
    await rig.run(900)

    pauses = [later - earlier for earlier, later in zip(rig.feed.connected_at, rig.feed.connected_at[1:], strict=False)]
    assert len(pauses) == 12
    assert all(pause <= min(0.5 * 2**attempt, 60) for attempt, pause in enumerate(pauses))
    assert max(pauses) > 10
    assert rig.telemetry.actions == ["source.disconnected", "source.recovered", "source.stopped"]


@pytest.mark.parametrize(("lasts", "most"), [(61, 0.5), (5, 60.0)])
async def test_backoff_starts_over_after_a_stable_minute(lasts: float, most: float) -> None:
    """A provider that hangs up after every image is asked ever more seldom; one that was stable is asked again at once."""
    busy: list[Step] = [step for _ in range(int(lasts)) for step in (1, data())]
    rig = Rig(*[[opened(), data(), *busy, Disconnected("closed")] for _ in range(10)])
    await rig.run(2_000)

    pauses = [later - left for left, later in zip(rig.feed.left, rig.feed.connected_at[1:], strict=False)]
    assert max(pauses) <= most
    assert (max(pauses) > 1) == (most > 1)


async def test_throttled_waits_exactly() -> None:
    """The provider's own figure is kept to the second, and does not count as a failure of the link."""
    rig = Rig(Throttled(17.5), Throttled(3.25, "quota"), [opened(), data()])
    await rig.run(60)

    assert rig.feed.connected_at == [0, 17.5, 20.75]


async def test_a_refused_source_is_parked_and_others_go_on() -> None:
    """A wrong key stops one source, with a hint for a person, and nothing else."""
    rig = Rig([opened(), data(), Refused("key", "401", "set api_key_file")])
    feed = ScriptedFeed(rig.clock, [Frame("other", "opened", 0, epoch=True), 50, data(source="other")])
    other = rig.also("other", feed, Policy(silence_limit=100))
    async with rig.running(other):
        await rig.clock.sleep(60)
        assert (rig.collector.status.state, rig.collector.status.reason) == ("parked", "key")
        assert other.status.state == "live"

    assert rig.feed.resumed == [""]
    assert rig.written("closed")[0].meta == {"reason": "key"}
    assert ("source.parked", {"source": "s", "reason": "key", "detail": "401", "hint": "set api_key_file"}) in rig.telemetry.facts
    assert [frame.kind for frame in rig.journal.frames if frame.source == "other"].count("data") == 1


async def test_it_gives_up_after_its_time() -> None:
    """With ``give_up_after`` a source that cannot be had is parked then, and not before."""
    rig = Rig(*[Disconnected("refused") for _ in range(100)], policy=Policy(give_up_after=120))
    async with rig.running():
        await rig.clock.sleep(119)
        assert rig.collector.status.state == "connecting"
        await rig.clock.sleep(2)
        assert (rig.collector.status.state, rig.collector.status.reason) == ("parked", "gave_up")
    assert rig.feed.connected_at[-1] == pytest.approx(120)


async def test_without_give_up_after_it_never_gives_up() -> None:
    """By default a day of refusals is followed by one more attempt."""
    rig = Rig(*[Disconnected("refused") for _ in range(5_000)])
    await rig.run(86_400)

    assert len(rig.feed.connected_at) > 86_400 / 60
    assert rig.collector.status.state == "stopped"


async def test_a_finite_session_ends_the_collector() -> None:
    """Finished is no failure: a closed frame, state stopped, no new session."""
    rig = Rig([opened(), data(), Finished()])
    async with rig.running():
        await rig.clock.sleep(5)
        assert (rig.collector.status.state, rig.collector.status.reason) == ("stopped", "finished")
    assert rig.feed.resumed == [""]
    assert [frame.meta for frame in rig.written("closed")] == [{"reason": "finished"}]


async def test_a_recording_keeps_its_own_time() -> None:
    """No clock of today enters a recording: not in the closed frame, not by alive frames, nor does it fall silent."""
    rig = Rig([opened(at=1, recorded="1"), data(at=5_000), 3_600, data(at=6_000), Finished()])
    async with rig.running():
        await rig.clock.sleep(4_000)

    assert [(frame.kind, frame.received_at) for frame in rig.written()] == [
        ("opened", 1),
        ("data", 5_000),
        ("data", 6_000),
        ("closed", 6_000),
    ]


async def test_state_is_live_once_frames_flow() -> None:
    """Opened alone is not live; the first frame after it is."""
    rig = Rig([3, opened(), 4, data()])
    states = []
    async with rig.running():
        for _ in range(4):
            await rig.clock.sleep(2)
            states.append(rig.collector.status.state)

    assert states == ["connecting", "connecting", "connecting", "live"]


async def test_renewals_are_coalesced_and_paced() -> None:
    """However often a scope is asked for, it is sent at most once a second, and everything covers the rest."""
    rig = Rig([opened(), data()])
    async with rig.running():
        await rig.clock.sleep(1)
        for _ in range(50):
            rig.collector.renew(MARKET)
        await rig.clock.sleep(0.5)
        rig.collector.renew(MARKET)
        await rig.clock.sleep(2)
        rig.collector.renew(Scope("market", "1.2"))
        rig.collector.renew(WHOLE)
        rig.collector.renew(MARKET)
        await rig.clock.sleep(2)

    assert [scope for _, scope in rig.feed.renewed] == [MARKET, MARKET, WHOLE]
    assert rig.feed.renewed[1][0] - rig.feed.renewed[0][0] >= 1


async def test_a_renewal_that_hangs_ends_the_session() -> None:
    """Every wait has a deadline, also the one for a provider that does not take the request."""
    rig = Rig([opened(), *every(1, 30)], policy=Policy(renew_within=10))
    rig.feed.renew_takes = FOREVER
    async with rig.running():
        await rig.clock.sleep(1)
        rig.collector.renew(MARKET)
        await rig.clock.sleep(14)

    assert rig.written("closed")[0].meta == {"reason": "timeout"}


@pytest.mark.parametrize(("policy", "first"), [(Policy(span_seconds=100), 100), (Policy(span_bytes=5_000), 50)])
async def test_a_long_epoch_is_renewed_once(policy: Policy, first: float) -> None:
    """Too old or too large: one request, not one per frame; and again only after a minute without an answer."""
    rig = Rig([data(bytes(4_000)), opened(), *[step for _ in range(400) for step in (1, data(bytes(100)))]], policy=policy)
    await rig.run(first + 59)
    assert [(round(at, -1), scope) for at, scope in rig.feed.renewed] == [(first, WHOLE)]


async def test_an_image_that_costs_is_not_asked_for_to_keep_an_epoch_short() -> None:
    """A polled feed begins an epoch with each answer; asking early would only use up its budget."""
    rig = Rig(
        [data(bytes(4_000)), opened(), *[step for _ in range(400) for step in (1, data(bytes(100)))]], policy=Policy(span_seconds=100)
    )
    rig.feed.renewable = False
    await rig.run(400)
    assert rig.feed.renewed == []


async def test_a_new_epoch_frame_answers_the_renewal() -> None:
    """The span counts from the last image of everything, and a token resumes again after it."""
    image = Frame("s", "data", 0, b"image", "t5", epoch=True)
    rig = Rig(
        [opened(), *[step for _ in range(105) for step in (1, data())], image, 90, data(), Disconnected("reset")], [opened(epoch=False)]
    )
    rig.collector = rig.also("s", rig.feed, Policy(span_seconds=100))
    await rig.run(200)

    assert [scope for _, scope in rig.feed.renewed] == [WHOLE]
    assert rig.feed.resumed == ["", "t5"]


async def test_connecting_has_a_deadline() -> None:
    """A provider that accepts and says nothing more is left after ``connect_within``."""
    rig = Rig(FOREVER, [opened(), data()], policy=Policy(connect_within=20))
    await rig.run(30)

    assert rig.feed.connected_at[1] == pytest.approx(20, abs=1.6)
    assert rig.telemetry.facts[0] == ("source.disconnected", {"source": "s", "reason": "timeout", "detail": "connect"})


async def test_leaving_has_a_deadline() -> None:
    """A session that does not end when told to cannot hold the source up."""
    rig = Rig([opened(), data(), Disconnected("reset")], [opened(), data()], policy=Policy(leave_within=5))
    rig.feed.leave_takes = FOREVER
    async with rig.running():
        await rig.clock.sleep(15)
        assert rig.feed.connected_at[1] == pytest.approx(5, abs=1.6)


async def test_a_pause_for_a_full_journal_is_written_down() -> None:
    """While the journal is full nothing is read; the first frame after it says since when, before anything newly read."""
    rig = Rig([opened(), data(b"1"), 5, data(b"2"), data(b"3"), data(b"4")], max_records=1, policy=Policy(silence_limit=20))
    async with rig.running():
        await rig.clock.sleep(2)
        rig.journal.full = True
        await rig.clock.sleep(100)
        assert len(rig.feed.handed) == 3
        assert len(rig.feed.resumed) == 1
        rig.journal.full = False
        await rig.clock.sleep(2)
        assert len(rig.feed.resumed) == 1
        await rig.clock.sleep(25)
        assert len(rig.feed.resumed) == 2

    kinds = [(frame.kind, frame.payload) for frame in rig.written()]
    assert kinds[:6] == [("opened", b""), ("data", b"1"), ("data", b"2"), ("alive", b""), ("data", b"3"), ("data", b"4")]
    paused = rig.written("alive")[0]
    assert paused.meta["paused"] == "journal_full"
    assert int(paused.meta["from"]) == pytest.approx(1_700_000_005 * SECOND, abs=10_000)
    assert 102 <= rig.second(paused) <= 103.1


async def test_park_from_outside() -> None:
    """A source whose decoder fails again and again is stopped by name; its close is written."""
    rig = Rig([opened(), data()])
    async with rig.running():
        await rig.clock.sleep(1)
        rig.collector.park("bug")
        await rig.clock.sleep(1)
        assert (rig.collector.status.state, rig.collector.status.reason) == ("parked", "bug")
    assert [frame.meta for frame in rig.written("closed")] == [{"reason": "bug"}]


async def test_a_bug_leaves_the_collector() -> None:
    """What is not an error of the link is a bug: it is not retried, it leaves the task group."""
    rig = Rig()

    class Broken(ScriptedSession):
        async def read(self) -> Sequence[Frame]:
            raise ZeroDivisionError

    @asynccontextmanager
    async def connect(_resume: str) -> AsyncIterator[ScriptedSession]:
        yield Broken(rig.feed, [])

    rig.feed.connect = connect  # type: ignore[method-assign, assignment]
    with pytest.raises(ExceptionGroup) as caught:
        await rig.collector.run()

    assert caught.group_contains(ZeroDivisionError, depth=None)


async def test_closing_while_it_pauses_or_connects_is_immediate() -> None:
    """Nothing that a collector waits for can hold up a stop."""
    for script in (Throttled(FOREVER), FOREVER):
        rig = Rig(script)
        async with rig.running():
            await rig.clock.sleep(5)
            await rig.collector.close()
            assert rig.clock.monotonic() == 5
            assert rig.collector.status.state == "stopped"
        assert rig.written() == []


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_stopped_at_any_moment_it_loses_no_frame(how: str) -> None:
    """Whatever the session has given out is in the journal, once, wherever the stop hits."""
    for step in range(90):
        steps: list[Step] = [opened(), *[[data(bytes([index]))] * 3 for index in range(10)], Disconnected("reset")]
        rig = Rig(steps, [opened(), data(), data()], max_records=4)
        async with asyncio.TaskGroup() as group:
            appending = group.create_task(rig.intake.run())
            collecting = group.create_task(rig.collector.run())
            for _ in range(step):
                await asyncio.sleep(0)
            if how == "close":
                await rig.collector.close()
            collecting.cancel()
            await asyncio.wait([collecting])
            await rig.intake.close()
            await appending

        assert [frame for frame in rig.written() if frame.kind in {"opened", "data"}] == rig.feed.handed
        assert rig.collector.status.read == len(rig.written())


@pytest.mark.parametrize("fresh", [False, True])
async def test_one_takes_the_place_of_another(fresh: bool) -> None:
    """It counts on, and resumes unless everything is asked for anew."""
    rig = Rig([opened(), data(token="t1")])
    async with rig.running():
        await rig.clock.sleep(1)
        await rig.collector.close()
        before = rig.collector.status
        assert (before.state, before.received) == ("stopped", 1)
        feed = ScriptedFeed(rig.clock, [opened(epoch=fresh), data()])
        again = Collector("s", feed, rig.intake, rig.journal, rig.clock, rig.telemetry, Random(1), before=before)  # type: ignore[arg-type]
        if fresh:
            again.renew(WHOLE)
        running = asyncio.create_task(again.run())
        await rig.clock.sleep(1)
        assert (again.status.state, again.status.received, again.status.read) == ("live", 2, 5)
        assert feed.resumed == ["" if fresh else "t1"]
        await again.close()
        await running


async def test_why_nothing_is_asked_of_a_provider() -> None:
    """It wants patience, or the journal has no room; the reason goes with the pause, and the times of the first are counted."""
    rig = Rig(Throttled(10), [opened(), *every(1, 20)], max_records=4)
    seen: list[str] = []
    async with rig.running():
        for second in range(1, 40):
            await rig.clock.sleep(1)
            rig.journal.full = 15 <= second < 30
            seen.append(rig.collector.status.paused)
    assert [seen[5], seen[12], seen[27], seen[-1]] == ["throttled", "", "room", ""]
    assert rig.telemetry.counts["source_throttled_total"] == 1


async def test_what_waits_for_the_journal_is_told() -> None:
    """Frames that were read are durable, or wait, or were dropped: at every moment."""
    rig = Rig([opened(), *every(0.01, 500)])
    rig.journal.pause = 0.5
    waited = 0
    async with rig.running():
        for _ in range(60):
            await rig.clock.sleep(0.1)
            status = rig.collector.status
            assert status.read - status.waiting == len(rig.journal.frames)
            waited = max(waited, status.waiting)
    assert waited > 10
