"""One source in one run: every update has one outcome, every reject its place, every frame its share in coverage."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestd.batch import Batch, CoverageRow, HeldRow, LinkRow, MarketRow, Refusal, SourceRow, Warm
from ingestd.interfaces import Session
from ingestd.model import (
    OUTCOMES,
    SECOND,
    WHOLE,
    Complete,
    Decoded,
    Fixture,
    Frame,
    Gap,
    MarketStatus,
    Quote,
    Reject,
    Result,
    Run,
    Scope,
    Skipped,
    TimeRule,
    Update,
    hash64,
    selection,
)
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import CLOSED_KEPT, FORGET_AFTER, USUAL, Lane
from ingestd.pipeline.standing import CollectorView

T = 1_700_000_040 * SECOND
M1 = Scope("market", "m1")
A, B = (
    selection("s", (key,), bookmaker="Book", source_event_id="e1", source_market_id="m1", scope=M1, market="winner", outcome=key)
    for key in ("a", "b")
)
VIEW = CollectorView(state="live", since=T)


class Mute:
    """A decoder that says nothing: these tests speak for it."""

    counts: Mapping[str, int] = {"lines": 7}

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """Nothing."""
        return [Gap(WHOLE, frame.kind)] if frame.payload == b"gap" else []

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """Everything."""
        return [Gap(WHOLE, reason)]


class MuteFeed:
    """Makes them."""

    silence_limit = 1.0
    renewable = True

    def __init__(self, rule: TimeRule = "ordered") -> None:
        self.time_rule: TimeRule = rule

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        """Never called."""
        raise AssertionError(resume)

    def decoder(self) -> Mute:
        """Another."""
        return Mute()


def new_batch() -> Batch:
    """An empty one."""
    return Batch(run=Run(run_id=1, kind="live", source="", started_at=T), journal_id=1, position=0)


class Bench:
    """A lane with a batch at hand, and frames that count themselves."""

    def __init__(
        self, *, warm: Warm | None = None, is_live: bool = True, rule: TimeRule = "ordered", audit_duplicates: bool = False
    ) -> None:
        self.catalogue = Catalogue()
        self.lane = Lane("s", "mute", MuteFeed(rule), self.catalogue, warm=warm, live=is_live, audit_duplicates=audit_duplicates)
        self.ordinal = 0
        self.batches: list[Batch] = []
        self.cut()

    def cut(self) -> None:
        """A new batch."""
        self.batches.append(new_batch())
        self.lane.book.begin(self.batches[-1])

    @property
    def batch(self) -> Batch:
        """The one at hand."""
        return self.batches[-1]

    def frame(self, *said: Decoded, at: int = T, payload: bytes = b"x") -> None:
        """A data frame that says these things."""
        self.take(Frame("s", "data", at, payload), *said)

    def take(self, frame: Frame, *said: Decoded) -> None:
        """Any frame."""
        self.ordinal += 1
        frame.ordinal, frame.offset = self.ordinal, self.ordinal * 10
        self.lane.apply(frame, said, frame.offset, self.batch)

    def counts(self) -> dict[str, int]:
        """What was counted so far, and is not nothing."""
        return {name: count for name, count in self.lane.counters.items() if count and name not in ("frames", "data", "ordinal")}

    def coverage(self) -> list[tuple[str, int, int | None, str, str]]:
        """Intervals: scope, began and ended µs after T, state, reason."""
        self.lane.report(self.batch)
        return [
            (row.scope_id, row.began_at - T, None if row.ended_at is None else row.ended_at - T, row.state, row.reason)
            for row in self.batch.coverage.values()
        ]


# ------------------------------------------------------------------------------------------------ outcomes


def test_each_kind_of_update_finds_its_place() -> None:
    """Prices and market states the book, events and results the catalogue, completeness and gaps the coverage."""
    bench = Bench()
    bench.lane.coverage.opened(T, "")
    bench.frame(
        Fixture(source_event_id="e1", sport="s", name="n"),
        Quote(A, 1.5),
        MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="suspended"),
        Result(source_event_id="e1", winner="a"),
        Complete(WHOLE, frozenset([A.id])),
        Gap(M1, "hole"),
    )
    batch = bench.batch
    event = hash64("event", "s", "e1")
    assert [(row.selection_id, row.status) for row in batch.changes] == [(A.id, "open"), (A.id, "suspended")]
    assert (batch.links["s", "e1"].name, batch.links["s", "e1"].event_id, batch.markets["s", "m1"].source_event_id) == ("n", event, "e1")
    assert batch.results["s", "e1", ""].winner == "a"
    assert bench.lane.coverage.gaps() == [M1]
    assert bench.counts() == {"received": 6, "changed": 5, "unchanged": 1, "rows": 2}


def test_outcomes_one_by_one() -> None:
    """Every one of the six, the first that matches."""
    bench = Bench(rule="stamped")
    bench.frame(
        Quote(A, 1.5, changed_at=T),
        Quote(A, 1.5, changed_at=T),
        Quote(A, 1.5, changed_at=T + 1),
        Quote(A, 1.6, changed_at=T - 1),
        Quote(A, 0.5, changed_at=T + 1),
        Skipped("duplicate", "sequence", 4),
        Skipped("filtered", "not wanted", 2),
        Reject(stage="decode", category="shape", reason="odd", path="q[3]"),
    )
    assert bench.counts() == {
        "received": 12, "changed": 1, "duplicate": 5, "unchanged": 1, "stale": 1, "quarantined": 2, "filtered": 2, "rows": 3,
        "duplicate.sequence": 4, "duplicate.quote": 1,
    }  # fmt: skip


def test_frames_are_counted_and_those_with_data_apart() -> None:
    """Signs of life are frames; the ordinal is that of the last."""
    bench = Bench()
    bench.take(Frame("s", "opened", T, epoch=True))
    bench.frame()
    bench.take(Frame("s", "alive", T))
    assert {name: bench.lane.counters[name] for name in ("frames", "data", "ordinal")} == {"frames": 3, "data": 1, "ordinal": 3}
    assert bench.lane.applied_epoch == 10


# ------------------------------------------------------------------------------------------------ rejects


def test_a_reject_is_quarantined_with_its_place() -> None:
    """Its id is that of source, payload and path: the same again is the same row, elsewhere another."""
    bench = Bench()
    bad = Reject(stage="decode", category="shape", reason="odd", path="q[3]", error="e", update="u")
    bench.frame(bad, at=T + 5, payload=b"p")
    bench.frame(bad, at=T + 6, payload=b"p")
    bench.frame(bad, at=T + 6, payload=b"other")
    first, again, other = bench.batch.rejects
    assert (first.source, first.stage, first.category, first.severity, first.reason) == ("s", "decode", "shape", "error", "odd")
    assert (first.offset, first.path, first.update, first.error, first.seen_at) == (10, "q[3]", "u", "e", T + 5)
    assert again.quarantine_id == first.quarantine_id
    assert again.offset == 20
    assert other.quarantine_id != first.quarantine_id


def test_rejects_of_later_stages_are_told_apart_by_their_place_in_the_frame() -> None:
    """The decoder names paths; whoever comes after it counts updates."""
    bench = Bench()
    bad = replace(A, id=1, outcome="\x00")
    bench.frame(Quote(A, 1.5), Quote(A, 0.5), Quote(A, -1.0), Quote(bad, 1.5), Quote(bad, 1.5))
    assert [(row.stage, row.path) for row in bench.batch.rejects] == [("validate", f"#{index}") for index in (1, 2, 3, 4)]
    assert len({row.quarantine_id for row in bench.batch.rejects}) == 4
    assert "0.5" in bench.batch.rejects[0].update


def test_quarantine_holds_only_what_every_database_takes() -> None:
    """What is wrong with an update is often its text: that must not keep its reject out."""
    bench = Bench()
    odd = "a\x00b\ud800" + "x" * 3_000
    bench.frame(Reject(stage="decode", category="shape", reason=odd, path=odd, error=odd, update=odd))
    (row,) = bench.batch.rejects
    for text in (row.reason, row.path, row.error, row.update):
        assert text.startswith("a\\x00b\\ud800")
        assert len(text.encode()) < 2_100


def test_a_bug_behind_the_decoder_is_one_reject_and_a_gap() -> None:
    """Its neighbours go on, its own price is suspended; what else it should have said is missing until an image; three in a row park."""
    bench = Bench()
    bench.lane.coverage.opened(T, "")
    bench.frame(Complete(WHOLE, frozenset()))
    broken = Quote(A, "1.5")  # type: ignore[arg-type]
    for count in (1, 2, 3):
        assert not bench.lane.failed()
        bench.frame(Quote(A, 1.5), broken, broken, Quote(B, 1.5), at=T + count)
        bench.take(Frame("s", "alive", T + count))
    assert [(row.stage, row.category, row.severity) for row in bench.batch.rejects] == [("validate", "bug", "critical")] * 6
    assert bench.counts() == {"received": 13, "changed": 4, "unchanged": 3, "quarantined": 6, "rows": 7}
    assert (bench.lane.coverage.whole, bench.lane.coverage.gaps()) == (False, [WHOLE])
    assert (bench.lane.failed(), bench.lane.failed()) == (True, False)


def test_a_refused_quote_leaves_no_price_live() -> None:
    """Whatever it said, the price before it is suspended until a good one; what is not open stays as it is, and each update counts once."""
    bench = Bench()
    bench.frame(Quote(A, 1.5, 3.0, line=0.5), Quote(B, None, status="withdrawn"))
    bench.frame(Quote(A, -2.0), Quote(A, float("nan")), Quote(B, 0.1), at=T + 5)
    (row,) = bench.batch.changes[1:]
    assert (row.selection_id, row.price, row.size, row.line, row.own_status, row.status) == (A.id, 1.5, 3.0, 0.5, "suspended", "suspended")
    assert (row.changed_at, row.time_basis, row.received_at) == (T + 5, "received", T + 5)
    bench.frame(Quote(A, 1.5, 3.0, line=0.5), at=T + 6)
    assert [(change.status, change.changed_at) for change in bench.batch.changes] == [("open", T), ("suspended", T + 5), ("open", T + 6)]
    assert bench.counts() == {"received": 6, "changed": 2, "unchanged": 1, "quarantined": 3, "rows": 3}


def test_a_refused_withdrawal_leaves_no_price_live() -> None:
    """Nor does one whose time or size is none."""
    for bad in (Quote(A, None, status="withdrawn", changed_at=1), Quote(A, None, -1.0, "settled")):
        bench = Bench()
        bench.frame(Quote(A, 1.5))
        bench.frame(bad, at=T + 5)
        assert [(change.status, change.changed_at) for change in bench.batch.changes] == [("open", T), ("suspended", T + 5)]


def test_a_refused_quote_of_a_stamped_feed_counts_from_its_own_stamp() -> None:
    """A late one says nothing of the present; one whose stamp is none says nothing of any time."""
    bench = Bench(rule="stamped")
    bench.frame(Quote(A, 1.5, changed_at=T + 10))
    bench.frame(Quote(A, 0.5, changed_at=T + 9), Quote(A, 0.5, changed_at=1), Quote(A, 0.5), at=T + 20)
    assert len(bench.batch.changes) == 1
    bench.frame(Quote(A, 0.5, changed_at=T + 10, nominal=True), at=T + 20)
    assert [(change.status, change.changed_at, change.time_basis) for change in bench.batch.changes[1:]] == [
        ("suspended", T + 10, "nominal")
    ]


def test_what_the_store_refuses_of_a_doubt_is_taken_back() -> None:
    """The refused update was counted as quarantined, once and for all."""
    bench = Bench()
    bench.frame(Quote(A, 1.5))
    bench.cut()
    bench.frame(Quote(A, 0.5), at=T + 5)
    bench.lane.committed([Refusal("odds", (A.id,), "constraint")])
    assert bench.counts() == {"received": 2, "changed": 1, "quarantined": 1, "rows": 2}
    bench.cut()
    bench.frame(Quote(A, 1.5), at=T + 6)
    assert bench.counts()["unchanged"] == 1


def test_duplicates_are_counted_by_cause() -> None:
    """What the decoder says, or which kind of update says it again; kept only where that is wanted, and never as trouble."""
    said = (
        Skipped("duplicate", "sequence", 4),
        Skipped("filtered", "not wanted"),
        Quote(A, 1.5, changed_at=T),
        Quote(A, 1.5, changed_at=T),
        MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="open", changed_at=T),
        MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="open", changed_at=T),
    )
    causes = {"duplicate.sequence": 4, "duplicate.quote": 1, "duplicate.marketstatus": 1}
    bench = Bench()
    bench.frame(*said)
    assert {name: count for name, count in bench.counts().items() if name.startswith("duplicate.")} == causes
    assert bench.batch.rejects == []
    audited = Bench(audit_duplicates=True)
    audited.frame(*said)
    assert audited.counts() == bench.counts()
    assert [(row.stage, row.category, row.severity, row.reason, row.path, row.state) for row in audited.batch.rejects] == [
        ("book", "duplicate", "info", "sequence", "#0", "kept"),
        ("book", "duplicate", "info", "quote", "#3", "kept"),
        ("book", "duplicate", "info", "marketstatus", "#5", "kept"),
    ]


def test_bugs_between_good_frames_do_not_park() -> None:
    """Only in a row; and what is merely bad is no bug."""
    bench = Bench()
    broken = Quote(A, "1.5")  # type: ignore[arg-type]
    for said in (broken, broken, Quote(A, 1.5), broken, broken):
        bench.frame(said)
    assert not bench.lane.failed()
    bench = Bench()
    for _ in range(4):
        bench.frame(Quote(A, 0.5))
    assert not bench.lane.failed()


def test_a_failing_decoder_parks_too() -> None:
    """Whoever of the two fails."""
    bench = Bench()
    bench.lane.reader.failing = True
    assert (bench.lane.failed(), bench.lane.failed()) == (True, False)


# ------------------------------------------------------------------------------------------------ completeness


def test_sudden_emptiness_must_be_seen_twice() -> None:
    """Filtered and suspected first, then believed (I8)."""
    bench = Bench()
    bench.frame(Quote(A, 1.5), Complete(WHOLE, frozenset([A.id])))
    bench.frame(Complete(WHOLE, frozenset()), at=T + 1)
    assert (bench.counts()["filtered"], len(bench.batch.changes)) == (1, 1)
    assert bench.lane.coverage.suspected(WHOLE)
    bench.frame(Complete(WHOLE, frozenset()), at=T + 2)
    assert [row.status for row in bench.batch.changes] == ["open", "withdrawn"]
    assert bench.lane.coverage.whole


@pytest.mark.parametrize("scope", [WHOLE, M1])
def test_emptiness_after_a_gap_is_believed_the_second_time(scope: Scope) -> None:
    """Were it not, the source would wait for its image for ever."""
    bench = Bench()
    bench.frame(Quote(A, 1.5), Complete(WHOLE, frozenset([A.id])))
    bench.frame(Gap(WHOLE, "hole"), at=T + 1)
    bench.frame(Complete(scope, frozenset()), at=T + 2)
    bench.frame(Complete(scope, frozenset()), at=T + 3)
    assert [row.status for row in bench.batch.changes] == ["open", "withdrawn"]
    assert not bench.lane.coverage.suspected(scope)


def test_emptiness_where_nothing_was_offered_is_no_surprise() -> None:
    """And one that lists something is believed at once."""
    bench = Bench()
    bench.frame(Complete(WHOLE, frozenset()))
    assert bench.lane.coverage.whole
    bench.frame(Quote(A, 1.5), Quote(B, 1.5), Complete(M1, frozenset([A.id])))
    assert [(row.selection_id, row.status) for row in bench.batch.changes][-1] == (B.id, "withdrawn")


def test_sessions_are_told_to_coverage() -> None:
    """Opened, closed, paused, with what their frames say."""
    bench = Bench()
    bench.take(Frame("s", "opened", T, epoch=True))
    bench.frame(Complete(WHOLE, frozenset()), at=T + 1)
    bench.take(Frame("s", "alive", T + 9, meta={"paused": "journal_full", "from": str(T + 4)}))
    bench.take(Frame("s", "closed", T + 20, meta={"reason": "silent"}))
    bench.take(Frame("s", "opened", T + 30, meta={"resumed": "replay"}))
    assert bench.coverage() == [
        ("", 1, 4, "complete", ""),
        ("", 4, 9, "gap", "journal_full"),
        ("", 9, 30, "silent", "silent"),
        ("", 30, None, "complete", ""),
    ]


def test_polled_queries_are_told_to_coverage() -> None:
    """All walked: the whole is known; one unanswered: a gap of that query alone, which its next walk repairs."""
    bench = Bench()
    query = Scope("query", "q")
    bench.take(Frame("s", "opened", T, epoch=True))
    bench.take(Frame("s", "data", T + 1, b"x", meta={"key": "q", "whole": "1"}), Complete(query, frozenset()))
    assert bench.lane.coverage.whole
    bench.take(Frame("s", "alive", T + 5, meta={"failed": "q", "reason": "timeout"}))
    assert bench.lane.coverage.gaps() == [query]
    bench.take(Frame("s", "data", T + 9, b"x", meta={"key": "q"}), Complete(query, frozenset()))
    assert bench.lane.coverage.gaps() == []
    assert ("q", 1, 9, "gap", "timeout") in bench.coverage()


def test_sessions_of_a_recording_are_none_of_ours() -> None:
    """A finite run knows what its file says, not how it was connected; it ends with its last frame."""
    bench = Bench(is_live=False)
    bench.take(Frame("s", "opened", T, epoch=True))
    bench.frame(Quote(A, 1.5), Complete(WHOLE, frozenset([A.id])), at=T + 1)
    bench.take(Frame("s", "closed", T + 5))
    bench.lane.close(bench.batch)
    assert [(row.began_at - T, row.ended_at and row.ended_at - T, row.state) for row in bench.batch.coverage.values()] == [
        (1, 5, "complete")
    ]
    assert bench.batch.settle == {A.id}


def test_a_gap_counts_from_the_frame_before() -> None:
    """Also where that was the first, or lay before a restart."""
    bench = Bench()
    bench.frame(Gap(WHOLE, "hole"), at=T + 7)
    assert bench.coverage() == [("", 7, None, "gap", "hole")]
    source = replace(bench.lane.row(VIEW, 1), last_received_at=T + 7)
    again = Bench(warm=Warm(source=source))
    again.frame(Gap(WHOLE, "hole"), at=T + 9)
    assert again.coverage() == [("", 7, None, "gap", "hole")]


# ------------------------------------------------------------------------------------------------ refusals, restarts, rows


def test_committed_counts_what_was_refused() -> None:
    """Changed becomes quarantined, once per update however many tables say it; the rest of the catalogue hears of it too."""
    bench = Bench()
    bench.frame(Quote(A, 1.5), Quote(B, 1.5), Fixture(source_event_id="e1", sport="s", name="n"))
    bench.cut()
    bench.frame(Quote(A, 1.6), Quote(A, 1.7), Quote(B, 1.6))
    refusals = [Refusal("odds", (A.id,), "no"), Refusal("odds_history", (A.id, T, 0), "no"), Refusal("selections", (A.id,), "no")]
    bench.lane.committed([*refusals, Refusal("event_links", ("s", "e1"), "no"), Refusal("markets", ("other", "m1"), "no")])
    assert bench.counts() == {"received": 6, "changed": 4, "quarantined": 2, "rows": 5}
    bench.cut()
    bench.frame(Quote(A, 1.5), Quote(B, 1.6), Fixture(source_event_id="e1", sport="s", name="n"))
    assert (len(bench.batch.changes), list(bench.batch.links)) == (0, [("s", "e1")])


def test_what_is_seen_from_outside_is_committed() -> None:
    """While a batch is on its way its counts are nobody's business: what the store refuses moves from one to another."""
    bench = Bench()
    bench.frame(Quote(A, 1.5), Quote(B, 1.5))
    before = bench.lane.settled
    assert (before["received"], before["changed"]) == (0, 0)
    bench.lane.committed([Refusal("odds", (A.id,), "no")])
    after = bench.lane.settled
    assert (after["received"], after["changed"], after["quarantined"], after["ordinal"]) == (2, 1, 1, bench.lane.counters["ordinal"])
    assert before["received"] == 0, "a figure that somebody holds must not change"
    bench.lane.committed(())
    assert bench.lane.settled is after


def test_committed_without_a_market() -> None:
    """Its state is said anew."""
    bench = Bench()
    status = MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="suspended")
    bench.frame(status)
    bench.lane.committed([Refusal("markets", ("s", "m1"), "no")])
    bench.cut()
    bench.frame(status)
    assert list(bench.batch.markets) == [("s", "m1")]


def test_the_row_of_a_source() -> None:
    """Live only once its image is complete; counters are absolute; what was dropped is part of what was read."""
    bench = Bench()
    bench.frame(Quote(A, 1.5), at=T + 3)
    bench.frame(Quote(A, 1.5), at=T + 5)
    row = bench.lane.row(replace(VIEW, read=9, dropped=2, reason="r"), 77)
    assert (row.source, row.feed, row.state, row.since, row.reason, row.silence_limit) == ("s", "mute", "recovering", T, "r", 77)
    assert (row.last_received_at - T, row.alive_at - T, row.last_changed_at - T) == (5, 5, 3)
    assert {name: row.counters[name] for name in ("frames", "read", "dropped", "changed")} == {
        "frames": 2,
        "read": 9,
        "dropped": 2,
        "changed": 1,
    }
    bench.frame(Complete(WHOLE, frozenset([A.id])))
    assert bench.lane.row(VIEW, 77).state == "live"
    assert bench.lane.row(replace(VIEW, state="silent"), 77).state == "silent"
    assert bench.lane.row(VIEW, 77).counters["read"] == 3


def test_counters_go_on_after_a_restart() -> None:
    """Also those of what was dropped before; the count of frames is the reader's to check."""
    source = SourceRow(
        source="s", feed="mute", state="live", since=T, last_received_at=T, last_changed_at=T, alive_at=T, silence_limit=1,
        counters={"frames": 5, "data": 4, "received": 7, "changed": 7, "ordinal": 5, "read": 8, "dropped": 3, "unknown_market": 9},
    )  # fmt: skip
    bench = Bench(warm=Warm(source=source))
    bench.ordinal = 5
    assert bench.lane.reader.decode(Frame("s", "data", T, ordinal=6, offset=60)) == []
    bench.frame(Quote(A, 1.5))
    counters = bench.lane.row(replace(VIEW, read=6, dropped=1), 1).counters
    assert (counters["frames"], counters["received"], counters["ordinal"]) == (6, 8, 6)
    assert (counters["dropped"], counters["read"]) == (4, 10)
    assert counters["unknown_market"] == 10


def test_a_warm_start_knows_what_the_store_knows() -> None:
    """Prices, markets, links and coverage: the same again is nothing new."""
    event = hash64("event", "s", "e1")
    warm = Warm(
        held=[HeldRow(A, 1.5, None, None, "open", "", T, 0)],
        markets=[MarketRow("s", "m1", "e1", "winner", "", "suspended", T, 0)],
        links=[LinkRow(source="s", source_event_id="e1", event_id=event)],
        coverage=[CoverageRow("s", "source", "", T, None, T, "complete")],
    )
    bench = Bench(warm=warm)
    bench.frame(Quote(A, 1.5), Quote(B, 1.5))
    assert [(row.selection_id, row.status) for row in bench.batch.changes] == [(B.id, "suspended")]
    assert (bench.batch.links, bench.batch.markets, bench.lane.coverage.whole) == ({}, {}, True)


def test_what_is_over_is_forgotten_by_the_frames_clock() -> None:
    """At the turn of a minute of theirs, an hour after it was closed; however often the process was restarted within it."""
    settled = Quote(A, None, status="settled", result="won")
    bench = Bench()
    bench.frame(Quote(A, 1.6), settled, at=T)
    bench.frame(at=T + CLOSED_KEPT)
    assert len(bench.lane.book) == 1
    bench.frame(at=T + CLOSED_KEPT + 59 * SECOND)
    assert len(bench.lane.book) == 1
    restarted = Bench(warm=Warm(source=bench.lane.row(VIEW, 1)))
    restarted.frame(Quote(A, 1.6), settled, at=T + CLOSED_KEPT + 59 * SECOND)
    assert len(restarted.lane.book) == 1
    bench.frame(at=T + CLOSED_KEPT + 60 * SECOND)
    assert len(bench.lane.book) == 0


def test_events_long_over_are_forgotten() -> None:
    """The book after ``FORGET_AFTER``, once more after that what was on offer until then; the catalogue after twice that."""
    bench = Bench()
    bench.frame(Fixture(source_event_id="e1", sport="s", name="n", starts_at=T), Quote(A, 1.5))
    bench.frame(at=T + FORGET_AFTER)
    rows = bench.lane.counters["rows"]
    bench.frame(at=T + FORGET_AFTER + 60 * SECOND)
    assert (len(bench.lane.book), bench.lane.counters["rows"] - rows) == (1, 1)
    bench.frame(at=T + 2 * FORGET_AFTER + 120 * SECOND)
    assert (len(bench.lane.book), bench.catalogue.starts_at("s", "e1")) == (0, None)


def test_native_counts_are_the_reader_s() -> None:
    """What the provider's own units are, the decoder knows."""
    assert Bench().lane.native == {"lines": 7}


def test_beginning_tells_book_and_reader() -> None:
    """The book keeps where its epoch began; the reader hears when that is gone."""
    lane = Bench(warm=Warm(source=replace(Bench().lane.row(VIEW, 1), counters={"ordinal": 5}))).lane
    lane.begin(40)
    assert lane.applied_epoch == 40
    lane.begin(0)
    assert lane.reader.decode(Frame("s", "data", T, ordinal=6, offset=60)) == [Gap(WHOLE, "epoch_lost")]


def test_a_lane_begins_with_nothing() -> None:
    """No epoch, no time, and a first frame that misses nothing before it."""
    lane = Bench().lane
    assert (lane.applied_epoch, lane.last_received_at, lane.last_changed_at) == (0, 0, 0)
    assert lane.reader.decode(Frame("s", "data", T, ordinal=1, offset=10)) == []


# ------------------------------------------------------------------------------------------------ whatever happens

prices = st.sampled_from([None, 0.0, 0.5, 1.0, 1.5, 2.0, float("nan"), float("inf"), "text"])
bad_a = replace(A, id=9, outcome="\ud800")
quotes = st.builds(Quote, st.sampled_from([A, B, bad_a]), prices, changed_at=st.sampled_from([None, T, T - 9, 1, 1 << 61]))
others = st.sampled_from(
    [
        Fixture(source_event_id="e1", sport="s", name="n"),
        Fixture(source_event_id="", sport="s", name="n"),
        MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="suspended"),
        MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="what"),  # type: ignore[arg-type]
        Result(source_event_id="e1", home_score=1),
        Result(source_event_id="e1", home_score=-1),
        Complete(WHOLE, frozenset()),
        Complete(WHOLE, frozenset([A.id])),
        Complete(M1, frozenset()),
        Gap(M1, "hole"),
        Gap(WHOLE, "hole"),
        Skipped("filtered", "unwanted", 3),
        Skipped("duplicate", "again", 2),
        Reject(stage="decode", category="shape", reason="odd"),
        None,
    ]
)
frames_said = st.lists(st.lists(quotes | others, max_size=6), max_size=8)


@settings(max_examples=200, deadline=None)
@given(frames_said, st.sampled_from(["ordered", "stamped"]), st.sets(st.sampled_from([A.id, B.id])))
def test_one_update_one_outcome(said: list[list[Update]], rule: TimeRule, refused: set[int]) -> None:
    """Received is the sum of the six outcomes, whatever comes and whatever the store refuses (I6); rejects are as many as quarantined."""
    bench = Bench(rule=rule)
    expected = 0
    for index, items in enumerate(said):
        bench.frame(*items, at=T + index)
        expected += sum(item.count if isinstance(item, Skipped) else 1 for item in items)
        counters = bench.lane.counters
        assert counters["received"] == expected == sum(counters[name] for name in OUTCOMES)
        assert counters["quarantined"] == len(bench.batch.rejects)
    bench.lane.committed([Refusal("odds", (key,), "no") for key in refused])
    assert bench.lane.counters["received"] == sum(bench.lane.counters[name] for name in OUTCOMES)
    assert min(bench.lane.counters.values()) >= 0


@settings(max_examples=150, deadline=None)
@given(frames_said, st.frozensets(st.integers(0, 8)))
def test_batches_between_frames_do_not_matter(said: list[list[Update]], cuts: frozenset[int]) -> None:
    """Facts, rejects, coverage and counts are the same however frames are gathered (I3)."""
    together, apart = Bench(), Bench()
    for index, items in enumerate(said):
        if index in cuts:
            apart.lane.report(apart.batch)
            apart.cut()
        for bench in (together, apart):
            bench.frame(*items, at=T + index)
    for bench in (together, apart):
        bench.lane.report(bench.batch)
    assert [row for batch in apart.batches for row in batch.changes] == together.batch.changes
    assert [row for batch in apart.batches for row in batch.rejects] == together.batch.rejects
    for table in ("links", "markets", "selections", "results", "coverage"):
        merged = {key: row for batch in apart.batches for key, row in getattr(batch, table).items()}
        if table == "coverage":
            merged = {key: replace(row, seen_until=0) if row.ended_at is None else row for key, row in merged.items()}
            whole = {key: replace(row, seen_until=0) if row.ended_at is None else row for key, row in together.batch.coverage.items()}
            assert merged == whole
        else:
            assert merged == getattr(together.batch, table)
    assert apart.lane.counters == together.lane.counters


def test_another_feed_while_it_runs() -> None:
    """The book and the counts stay; told in other words, the decoder is another, and misses no frame that came before."""
    bench = Bench()
    bench.take(Frame("s", "opened", T, epoch=True))
    bench.frame(Quote(A, 1.5))
    before = bench.lane.reader
    bench.lane.adopt(MuteFeed(), USUAL, audit_duplicates=False, retold=False)
    assert bench.lane.reader is before
    bench.lane.adopt(MuteFeed(), USUAL, audit_duplicates=True, retold=True)
    assert bench.lane.reader is not before
    following = Frame("s", "opened", T + 1, epoch=True)
    following.ordinal = bench.ordinal + 1
    assert bench.lane.reader.decode(following) == []
    bench.frame(Skipped("duplicate", "sequence"))
    assert [reject.category for reject in bench.batch.rejects] == ["duplicate"]
