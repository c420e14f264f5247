"""Intervals of knowledge: what begins, ends and repairs them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.batch import CoverageRow
from ingestd.model import SECOND, WHOLE, Scope
from ingestd.pipeline.coverage import Coverage

M1, M2, E1 = Scope("market", "m1"), Scope("market", "m2"), Scope("event", "e1")
Key = tuple[str, str, str, int]
Step = tuple[str, Scope, int]


class Story:
    """A coverage, the frames told to it, and the rows as a store would hold them."""

    def __init__(self, coverage: Coverage | None = None) -> None:
        self.coverage = coverage or Coverage("s")
        self.stored: dict[Key, CoverageRow] = {}
        self.at = 0

    def frame(self, at: int, *steps: tuple[str, Scope | str]) -> None:
        """A frame received at ``at`` says these things, one after the other."""
        if not self.at:
            self.coverage.frame(at)
        self.at = at
        for verb, what in steps:
            self._say(verb, what)
        self.coverage.frame(at)

    def _say(self, verb: str, what: Scope | str) -> None:
        coverage = self.coverage
        if isinstance(what, str):
            {
                "opened": lambda: coverage.opened(self.at, what),
                "closed": lambda: coverage.closed(what.split()[0], *map(int, what.split()[1:])),
                "paused": lambda: coverage.paused(int(what), self.at, "journal_full"),
            }[verb]()
        elif verb == "gap":
            coverage.gap(what, "why")
        elif verb == "suspect":
            coverage.suspect(what)
        elif verb == "walked":
            coverage.walked(self.at)
        else:
            coverage.complete(what, self.at)

    def save(self) -> None:
        """Write what there is to write."""
        self.stored.update(self.coverage.rows())

    def told(self, scope: Scope = WHOLE) -> list[tuple[int, int | None, str, str, str]]:
        """Intervals of a scope: began, ended, state, reason, repaired by."""
        self.save()
        return sorted(
            (row.began_at, row.ended_at, row.state, row.reason, row.repaired_by)
            for row in self.stored.values()
            if Scope(row.scope_kind, row.scope_id) == scope
        )


def live(at: int = 10) -> Story:
    """A story in which everything is known since ``at``."""
    story = Story()
    story.frame(at - 5, ("opened", ""))
    story.frame(at, ("complete", WHOLE))
    return story


def test_nothing_is_known_before_the_first_image() -> None:
    """A fresh session is no knowledge; its image is, from its own frame on."""
    story = Story()
    story.frame(5, ("opened", ""))
    assert (story.told(), story.coverage.whole, story.coverage.gaps()) == ([], False, [])
    story.frame(10, ("complete", WHOLE))
    assert story.told() == [(10, None, "complete", "", "")]
    assert story.coverage.whole


def test_queries_walked_one_by_one_make_up_the_whole() -> None:
    """What each walk proved becomes a part of everything; a query that lacks something goes on lacking it until its own walk."""
    first, second = Scope("query", "first"), Scope("query", "second")
    story = Story()
    story.frame(5, ("opened", ""))
    story.frame(10, ("complete", first))
    story.frame(12, ("gap", second))
    story.frame(20, ("walked", WHOLE))
    assert story.told() == [(20, None, "complete", "", "")]
    assert story.told(first) == [(10, 20, "complete", "", "")]
    assert (story.told(second), story.coverage.gaps()) == ([(10, None, "gap", "why", "")], [second])
    story.frame(30, ("complete", second))
    assert (story.told(second), story.coverage.gaps()) == ([(10, 30, "gap", "why", "image")], [])
    assert story.coverage.whole


def test_seen_until_follows_every_frame() -> None:
    """As far as the last frame, never further; a second image changes nothing."""
    story = live()
    story.frame(17, ("complete", WHOLE))
    story.save()
    assert [(row.began_at, row.seen_until) for row in story.stored.values()] == [(10, 17)]
    story.frame(19)
    story.save()
    assert [(row.began_at, row.ended_at, row.seen_until) for row in story.stored.values()] == [(10, None, 19)]
    assert story.coverage.rows() == {}


def test_a_closed_session_resumed_by_replay_lost_nothing() -> None:
    """Known until the last frame before; down until the resumption."""
    story = live()
    story.frame(20)
    story.frame(25, ("closed", "silent"))
    assert not story.coverage.whole
    story.frame(40, ("opened", "replay"))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 40, "silent", "silent", "replay"), (40, None, "complete", "", "")]
    assert story.coverage.gaps() == []


def test_what_went_silent_was_known_until_it_was_heard_for_the_last_time() -> None:
    """Frames of other links, and our own that say "quiet", came later and prove nothing; nor does it end before it began."""
    story = live()
    story.frame(20)
    story.frame(25)
    story.frame(30, ("closed", "silent 20"))
    assert story.told() == [(10, 20, "complete", "", ""), (20, None, "silent", "silent", "")]
    late = live()
    late.frame(30, ("closed", "silent 5"))
    assert late.told() == [(10, None, "silent", "silent", "")]


def test_a_conflated_resumption_is_a_gap_until_then() -> None:
    """Only the net state came: changes between are lost, and named."""
    story = live()
    story.frame(20)
    story.frame(25, ("closed", "reset"))
    story.frame(40, ("opened", "conflated"))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 40, "gap", "reset", "resume"), (40, None, "complete", "", "")]


def test_a_fresh_session_is_a_gap_until_its_image() -> None:
    """From the last frame of the old one to the image of the new one."""
    story = live()
    story.frame(20)
    story.frame(25, ("closed", "reset"))
    story.frame(40, ("opened", ""))
    assert (story.told()[1:], story.coverage.gaps()) == ([(20, None, "gap", "reset", "")], [])
    story.frame(45, ("complete", WHOLE))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 45, "gap", "reset", "image"), (45, None, "complete", "", "")]


def test_a_process_that_died_says_nothing_and_it_is_known_all_the_same() -> None:
    """A session opens although none was closed."""
    story = live()
    story.frame(20)
    story.frame(40, ("opened", "replay"))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 40, "down", "died", "replay"), (40, None, "complete", "", "")]


def test_a_fresh_session_cut_before_its_image_is_not_mended_by_a_replay() -> None:
    """A replay goes on where the fresh session began: what lies before it, and what its image would have said, stays missing."""
    story = live()
    story.frame(20, ("closed", "reset"))
    story.frame(30, ("opened", ""))
    story.frame(35, ("closed", "reset"))
    story.frame(40, ("opened", "replay"))
    assert (story.told()[-1], story.coverage.gaps()) == ((10, None, "gap", "reset", ""), [WHOLE])


def test_what_was_never_whole_is_not_made_so_by_a_replay() -> None:
    """A cut in the middle of the first image: what was missing of it is still missing after the resumption."""
    story = Story()
    story.frame(5, ("opened", ""))
    story.frame(7, ("complete", M1))
    story.frame(9, ("closed", "reset"))
    story.frame(20, ("opened", "replay"))
    assert not story.coverage.whole
    assert story.coverage.gaps() == [WHOLE]
    story.frame(25, ("complete", WHOLE))
    assert story.told() == [(7, 25, "gap", "reset", "image"), (25, None, "complete", "", "")]


def test_a_death_in_the_middle_of_the_first_image() -> None:
    """As if closed."""
    story = Story()
    story.frame(5, ("opened", ""))
    story.frame(20, ("opened", "replay"))
    assert not story.coverage.whole


def test_a_gap_begins_at_the_frame_before_and_ends_at_the_image() -> None:
    """Nothing is known between what was read last and the image."""
    story = live()
    story.frame(20)
    story.frame(30, ("gap", WHOLE))
    assert story.coverage.gaps() == [WHOLE]
    story.frame(33, ("gap", WHOLE))
    story.frame(40, ("opened", "replay"))
    assert not story.coverage.whole
    story.frame(50, ("complete", WHOLE))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 50, "gap", "why", "image"), (50, None, "complete", "", "")]
    assert story.coverage.gaps() == []


def test_nothing_is_asked_of_a_session_that_is_not_there() -> None:
    """While the link is down a wish would be lost, or meet a fresh session in the middle of its image."""
    story = live()
    story.frame(20, ("gap", M1))
    assert story.coverage.gaps() == [M1]
    story.frame(25, ("closed", "reset"))
    assert story.coverage.gaps() == []
    story.frame(30, ("opened", "replay"))
    assert story.coverage.gaps() == [M1]


def test_a_narrow_gap_stands_inside_a_complete_whole() -> None:
    """The market is worse off than the rest, until its own image or that of everything."""
    story = live()
    story.frame(20)
    story.frame(30, ("gap", M1), ("gap", M2))
    assert story.coverage.whole
    assert story.coverage.gaps() == [M1, M2]
    story.frame(40, ("complete", M1))
    story.frame(50, ("complete", WHOLE))
    assert story.told(M1) == [(20, 40, "gap", "why", "image")]
    assert story.told(M2) == [(20, 50, "gap", "why", "image")]
    assert story.told() == [(10, None, "complete", "", "")]


def test_a_narrow_gap_outlives_a_resumed_session() -> None:
    """A replay of what came later does not bring what was missing before."""
    story = live()
    story.frame(20, ("gap", M1))
    story.frame(30, ("closed", "reset"))
    story.frame(40, ("opened", "replay"))
    assert (story.coverage.whole, story.coverage.gaps()) == (True, [M1])


def test_while_the_whole_is_missing_markets_are_known_one_by_one() -> None:
    """An image of a market says as much; a second hole in everything takes it back."""
    story = live()
    story.frame(15)
    story.frame(20, ("gap", WHOLE))
    story.frame(30, ("complete", M1), ("complete", M2))
    story.frame(35)
    assert story.told(M1) == [(30, None, "complete", "", "")]
    story.frame(40, ("gap", M2))
    story.frame(45)
    story.frame(50, ("gap", WHOLE))
    assert story.told(M1) == [(30, 45, "complete", "", "")]
    assert story.told(M2) == [(30, 35, "complete", "", ""), (35, None, "gap", "why", "")]
    story.frame(60, ("complete", WHOLE))
    assert story.told(M2)[-1] == (35, 60, "gap", "why", "image")
    assert story.told() == [(10, 15, "complete", "", ""), (15, 60, "gap", "why", "image"), (60, None, "complete", "", "")]


def test_a_narrow_gap_says_nothing_new_while_everything_is_missing() -> None:
    """No interval of its own."""
    story = live()
    story.frame(20, ("gap", WHOLE))
    story.frame(30, ("gap", M1))
    assert story.told(M1) == []
    assert story.coverage.gaps() == [WHOLE]


@pytest.mark.parametrize("scope", [WHOLE, M1], ids=["whole", "narrow"])
def test_an_image_on_its_way_that_lost_something_is_asked_for(scope: Scope) -> None:
    """After a fresh connection everything is down until its image; where a part of that is unreadable, nobody else would ask."""
    story = live()
    story.frame(20, ("closed", "reset"))
    story.frame(25, ("opened", ""))
    assert story.coverage.gaps() == []
    story.frame(26, ("gap", scope))
    assert (story.coverage.gaps(), story.told(M1)) == ([WHOLE], [])


def test_emptiness_is_suspected_first() -> None:
    """Not known from the frame before on; asked for again; believed when an image repeats it."""
    story = live()
    story.frame(20)
    story.frame(30, ("suspect", WHOLE))
    assert (story.coverage.suspected(WHOLE), story.coverage.whole, story.coverage.gaps()) == (True, False, [WHOLE])
    story.frame(40, ("complete", WHOLE))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 40, "suspected", "empty", "image"), (40, None, "complete", "", "")]
    assert not story.coverage.suspected(WHOLE)


def test_emptiness_is_suspected_whatever_was_known_before() -> None:
    """After a gap, while down, or of a market while everything is missing: it is remembered, or it would never be believed."""
    for verb, what in (("gap", WHOLE), ("closed", "reset")):
        story = live()
        story.frame(20, (verb, what))
        story.frame(30, ("suspect", WHOLE), ("suspect", M1))
        assert story.coverage.suspected(WHOLE)
        assert story.coverage.suspected(M1)
        story.frame(31, ("opened", "replay"))
        assert set(story.coverage.gaps()) == {WHOLE, M1}
        assert [row[2] for row in story.told()][-2:] == ["gap", "suspected"]


def test_an_image_that_is_lost_on_its_way_is_asked_for() -> None:
    """What is merely down waits for the image of the session at hand; a gap in that image would be waited for in vain."""
    story = live()
    story.frame(20)
    story.frame(25, ("closed", "reset"))
    story.frame(30, ("opened", ""))
    assert story.coverage.gaps() == []
    story.frame(35, ("gap", WHOLE))
    assert story.coverage.gaps() == [WHOLE]
    story.frame(40, ("complete", WHOLE))
    assert story.told()[1:] == [(20, 40, "gap", "reset", "image"), (40, None, "complete", "", "")]


def test_a_pause_of_ours_is_a_gap_with_both_ends() -> None:
    """What the link still held came late; nothing needs to be asked for."""
    story = live()
    story.frame(20)
    story.frame(60, ("paused", "25"))
    assert story.told() == [(10, 25, "complete", "", ""), (25, 60, "gap", "journal_full", "late"), (60, None, "complete", "", "")]
    assert story.coverage.gaps() == []


def test_a_pause_while_nothing_was_known_adds_nothing() -> None:
    """Worse than missing it cannot get."""
    story = live()
    story.frame(20, ("gap", WHOLE))
    story.frame(60, ("paused", "25"))
    assert [row[2] for row in story.told()][-1:] == ["gap"]
    assert not story.coverage.whole


def test_a_pause_never_begins_before_what_it_interrupts() -> None:
    """Frames that were under way when reading stopped may be younger than the stop."""
    story = live(at=30)
    story.frame(60, ("paused", "25"))
    assert story.told() == [(30, 60, "gap", "journal_full", "late"), (60, None, "complete", "", "")]


def test_a_finite_run_ends_all_its_intervals() -> None:
    """At its last frame."""
    story = live()
    story.frame(20, ("gap", M1))
    story.frame(30)
    story.coverage.finished()
    assert story.told() == [(10, 30, "complete", "", "")]
    assert story.told(M1) == [(10, 30, "gap", "why", "")]


def test_image_and_gap_in_one_frame_follow_each_other() -> None:
    """What the frame itself repaired is not missing again from before it."""
    story = live()
    story.frame(20, ("gap", M1))
    story.frame(30)
    story.frame(40, ("complete", M1), ("gap", M1))
    assert story.told(M1) == [(10, 40, "gap", "why", "image"), (40, None, "gap", "why", "")]


def test_what_was_missed_in_no_time_leaves_a_trace() -> None:
    """Two frames of one read share their moment, and a message between them is lost: a gap of a microsecond, not none."""
    story = live()
    story.frame(20)
    story.frame(20, ("gap", WHOLE), ("complete", WHOLE))
    story.frame(20, ("gap", M1), ("complete", M1))
    story.frame(20, ("gap", M1), ("complete", M1))
    assert story.told() == [(10, 20, "complete", "", ""), (20, 21, "gap", "why", "image"), (21, None, "complete", "", "")]
    assert story.told(M1) == [(21, 22, "gap", "why", "image"), (22, 23, "gap", "why", "image")]


def test_narrow_intervals_are_brought_up_to_date_now_and_then() -> None:
    """A thousand markets are not written with every batch: once in a second of the frames' time."""
    story = live(at=10 * SECOND)
    story.frame(20 * SECOND, ("gap", M1))
    story.save()
    story.frame(20 * SECOND + 1)
    assert [key[1] for key in story.coverage.rows()] == ["source"]
    story.frame(21 * SECOND)
    assert sorted(key[1] for key in story.coverage.rows()) == ["market", "source"]


def test_it_goes_on_from_what_the_store_holds() -> None:
    """State, beginning and reason of open intervals; ended ones are history."""
    story = live()
    story.frame(20, ("gap", M1))
    story.frame(30, ("suspect", M2))
    story.frame(40, ("closed", "reset"))
    story.save()
    again = Story(Coverage("s", list(story.stored.values())))
    again.coverage.frame(40)
    again.at = 40
    for one in (story, again):
        one.frame(60, ("opened", "replay"))
        one.frame(70, ("complete", M1))
        one.save()
    assert again.coverage.suspected(M2)
    assert {**story.stored, **again.stored} == story.stored
    assert again.told()[-2:] == story.told()[-2:]


def test_a_gap_after_a_restart_begins_where_the_store_had_seen() -> None:
    """As far as any of its intervals was seen, ended ones too; nothing is kept of what ended."""
    rows = [CoverageRow("s", "source", "", 5, 9, 9, "complete"), CoverageRow("s", "market", "m1", 3, None, 7, "gap", "why")]
    coverage = Coverage("s", rows)
    coverage.gap(WHOLE, "lost")
    assert next((row.began_at, row.state) for row in coverage.rows().values()) == (9, "gap")
    assert coverage.gaps() == []
    coverage.opened(9, "replay")
    assert coverage.gaps() == [M1, WHOLE]
    coverage.complete(WHOLE, 20)
    coverage.frame(20)
    assert (len(coverage._open), coverage._ended) == (1, {})


# ------------------------------------------------------------------------------------------------ whatever happens

scopes = st.sampled_from([WHOLE, WHOLE, M1, M2, E1])
updates = st.tuples(st.sampled_from(["gap", "suspect", "complete", "complete"]), scopes)
sessions = (
    st.tuples(st.just("opened"), st.sampled_from(["", "replay", "conflated"]))
    | st.tuples(st.just("closed"), st.sampled_from(["reset", "silent 1", "silent 9", "silent 25"]))
    | st.tuples(st.just("paused"), st.sampled_from(["1", "5", "20"]))
)
frames = st.lists(
    st.tuples(st.integers(0, 3), st.lists(updates, max_size=3) | st.builds(lambda *said: list(said), sessions, updates)), max_size=25
)
Frames = list[tuple[int, list[tuple[str, Scope | str]]]]


def tell(story: Story, said: Frames, saves: frozenset[int] = frozenset(), begin: int = 0) -> None:
    """Tell the frames from ``begin`` on, writing after those in ``saves`` and at the end."""
    at = 1
    for index, (later, what) in enumerate(said):
        at += later
        if index >= begin:
            story.frame(at, *what)
            if index in saves:
                story.save()
    story.save()


@settings(max_examples=300, deadline=None)
@given(frames)
def test_intervals_of_a_scope_never_overlap(said: Frames) -> None:
    """One begins where the other ended or later, only the last is open, and none is seen beyond its end."""
    story = Story()
    tell(story, said)
    for scope in {Scope(row.scope_kind, row.scope_id) for row in story.stored.values()}:
        told = story.told(scope)
        for (_, ended, *_), (began, *_) in pairwise(told):
            assert ended is not None
            assert ended <= began
    for row in story.stored.values():
        assert row.began_at <= row.seen_until
        assert row.ended_at is None or row.seen_until == row.ended_at
    whole = [row for row in story.stored.values() if row.scope_kind == "source" and row.ended_at is None]
    assert story.coverage.whole == any(row.state == "complete" for row in whole)


@settings(max_examples=300, deadline=None)
@given(frames, st.frozensets(st.integers(0, 25)))
def test_how_often_it_is_written_does_not_matter(said: Frames, saves: frozenset[int]) -> None:
    """Apart from how far open narrow intervals are known to be seen (I3)."""
    seldom, often = Story(), Story()
    tell(seldom, said)
    tell(often, said, saves)
    assert _settled(often.stored) == _settled(seldom.stored)


@settings(max_examples=300, deadline=None)
@given(frames, st.integers(0, 25))
def test_a_restart_does_not_matter(said: Frames, restart: int) -> None:
    """A coverage begun from the store's rows goes on as the undisturbed one (I3)."""
    undisturbed, before = Story(), Story()
    tell(undisturbed, said)
    tell(before, said[:restart])
    after = Story(Coverage("s", list(before.stored.values())))
    after.stored = before.stored
    after.at = before.at
    after.coverage.frame(before.at)
    tell(after, said, begin=restart)
    assert _settled(after.stored) == _settled(undisturbed.stored)


def _settled(rows: dict[Key, CoverageRow]) -> dict[Key, tuple[object, ...]]:
    return {
        key: (
            row.ended_at,
            row.state,
            row.reason,
            row.repaired_by,
            row.seen_until if row.ended_at is not None or key[1] == "source" else None,
        )
        for key, row in rows.items()
    }
