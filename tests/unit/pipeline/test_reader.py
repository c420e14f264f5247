"""The decoder of a source in a run: epochs, holes, what cannot be decoded, bugs."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager

import pytest

from ingestd.errors import Malformed
from ingestd.interfaces import Session
from ingestd.model import WHOLE, Complete, Decoded, Frame, Gap, Reject, Scope, Skipped, TimeRule
from ingestd.pipeline.reader import Reader, refused, refused_bug

M1 = Scope("market", "m1")


class Script:
    """A decoder that does what payloads say: ``bad``, ``bug``, ``image``, ``image m1``, ``hole m1``, else counts them."""

    def __init__(self, *, fragile: bool = False, narrow: bool = False) -> None:
        self._counts = {"messages": 0}
        self.counts: Mapping[str, int] = self._counts
        self.read: list[str] = []
        self._fragile = fragile
        self._scope = M1 if narrow else WHOLE

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """Lazy, as a generator is: what fails late fails the whole frame."""
        self._counts["messages"] += 1
        self.read.append(frame.payload.decode())
        word, _, name = frame.payload.decode().partition(" ")
        scope = Scope("market", name) if name else WHOLE
        yield Skipped("filtered", word, len(self.read))
        if word == "bad":
            raise Malformed("shape", "no good", "mc[0]")
        if word == "bug":
            raise ValueError(word)
        if word == "image":
            yield Complete(scope, frozenset())
        if word == "hole":
            yield Gap(scope, "hole")

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """Everything is missing, or one market."""
        self.read.append(f"broken: {reason}" + (f" at {frame.offset}" if frame else ""))
        if self._fragile:
            raise KeyError(reason)
        return [Gap(self._scope, reason)]


class ScriptFeed:
    """Makes them, and keeps them to look at."""

    time_rule: TimeRule = "ordered"
    silence_limit = 1.0
    renewable = True

    def __init__(self, *, fragile: bool = False, narrow: bool = False) -> None:
        self.made: list[Script] = []
        self._fragile = fragile
        self._narrow = narrow

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        """Never called."""
        raise NotImplementedError(resume)

    def decoder(self) -> Script:
        """A new one."""
        self.made.append(Script(fragile=self._fragile, narrow=self._narrow))
        return self.made[-1]


def frame(ordinal: int, word: str = "x", **more: str) -> Frame:
    """A data frame, ten positions apart."""
    return Frame("s", "data", 1_000 + ordinal, word.encode(), meta=more, ordinal=ordinal, offset=ordinal * 10)


def opened(ordinal: int) -> Frame:
    """A fresh session."""
    return Frame("s", "opened", 1_000 + ordinal, epoch=True, ordinal=ordinal, offset=ordinal * 10)


def alive(ordinal: int) -> Frame:
    """A sign of life."""
    return Frame("s", "alive", 1_000 + ordinal, ordinal=ordinal, offset=ordinal * 10)


def started(feed: ScriptFeed, last: int = 0) -> Reader:
    """A reader behind a first session's opening."""
    reader = Reader(feed, last)
    reader.decode(opened(last + 1))
    return reader


def kinds(decoded: Iterable[Decoded]) -> list[str]:
    """What it is, in words."""
    return [
        item.category if isinstance(item, Reject) else f"gap {item.reason}" if isinstance(item, Gap) else type(item).__name__.lower()
        for item in decoded
    ]


def test_frames_go_to_the_decoder_but_signs_of_life_do_not() -> None:
    """In order, each once."""
    feed = ScriptFeed()
    reader = started(feed)
    assert reader.decode(alive(2)) == []
    assert reader.decode(frame(3, "a")) == [Skipped("filtered", "a", 2)]
    assert feed.made[-1].read == ["", "a"]


def test_an_epoch_begins_with_an_empty_decoder() -> None:
    """And its native counts go on."""
    feed = ScriptFeed()
    reader = started(feed)
    reader.decode(frame(2, "a"))
    reader.decode(opened(3))
    reader.decode(frame(4, "b"))
    assert feed.made[-1].read == ["", "b"]
    assert reader.native == {"messages": 4}


def test_a_frame_that_cannot_be_decoded_is_one_reject() -> None:
    """What it yielded before it failed does not count; the decoder hears that it is missing."""
    reader = started(feed := ScriptFeed())
    reject, gap = reader.decode(frame(2, "bad"))
    assert isinstance(reject, Reject)
    assert (reject.stage, reject.category, reject.reason, reject.path, reject.severity) == ("decode", "shape", "no good", "mc[0]", "error")
    assert gap == Gap(WHOLE, "malformed")
    assert feed.made[-1].read[-1] == "broken: malformed at 20"


def test_cut_and_unreadable_payloads_are_never_decoded() -> None:
    """Even where the mark says nothing more."""
    reader = started(feed := ScriptFeed())
    assert kinds(reader.decode(frame(2, "a", oversize="17000000"))) == ["oversize", "gap oversize"]
    assert kinds(reader.decode(frame(3, "b", unreadable=""))) == ["unreadable", "gap unreadable"]
    assert feed.made[-1].read == ["", "broken: oversize at 20", "broken: unreadable at 30"]


def test_a_hole_in_the_count_of_frames_is_a_gap_before_what_follows() -> None:
    """Whatever the frame behind it is; and only once."""
    reader = started(ScriptFeed())
    assert kinds(reader.decode(frame(4, "a"))) == ["gap journal_lost", "skipped"]
    assert kinds(reader.decode(frame(5, "a"))) == ["skipped"]
    assert kinds(reader.decode(alive(7))) == ["gap journal_lost"]


def test_the_count_goes_on_from_what_was_loaded() -> None:
    """A hole over a restart is one too; so is a journal that begins anew."""
    assert kinds(Reader(ScriptFeed(), 7).decode(frame(8))) == ["skipped"]
    assert kinds(Reader(ScriptFeed(), 7).decode(frame(9))) == ["gap journal_lost", "skipped"]
    assert kinds(Reader(ScriptFeed(), 7).decode(opened(1))) == ["gap journal_lost", "skipped"]


def test_a_bug_is_contained() -> None:
    """Quarantined as critical, the decoder told, the next frame read on."""
    reader = started(ScriptFeed())
    reject, gap = reader.decode(frame(2, "bug"))
    assert isinstance(reject, Reject)
    assert (reject.category, reject.reason, reject.severity) == ("bug", "ValueError: bug", "critical")
    assert gap == Gap(WHOLE, "bug")
    assert kinds(reader.decode(frame(3))) == ["skipped"]


def test_a_bug_in_being_told_is_contained_too() -> None:
    """A new decoder, and all is missing."""
    reader = started(feed := ScriptFeed(fragile=True))
    assert kinds(reader.decode(frame(2, "bad"))) == ["shape", "bug", "gap bug"]
    assert len(feed.made) == 3
    assert kinds(reader.decode(frame(3))) == ["skipped"]


def test_three_bugs_in_a_row_are_a_failing_source() -> None:
    """Signs of life between do not interrupt the row, a frame that is read does; it is not forgotten by reading ahead."""
    reader = started(ScriptFeed())
    for ordinal, word in enumerate(("bug", "bug", "x", "bug", "bug"), 2):
        reader.decode(frame(ordinal, word))
    assert not reader.failing
    reader.decode(alive(7))
    reader.decode(frame(8, "bug"))
    reader.decode(frame(9))
    assert reader.failing


def test_rebuilding_brings_the_decoder_where_it_was() -> None:
    """From the epoch on, saying nothing, counting no bugs; then the count of frames goes on."""
    reader = Reader(feed := ScriptFeed(), 6)
    reader.begin(30)
    reader.rebuild(opened(3))
    for ordinal, word in ((4, "a"), (5, "bug"), (6, "bug")):
        reader.rebuild(frame(ordinal, word))
    assert feed.made[-1].read == ["", "a", "bug", "broken: bug at 50", "bug", "broken: bug at 60"]
    assert kinds(reader.decode(frame(7))) == ["skipped"]
    assert not reader.failing


def test_what_is_missing_by_now_is_said_with_the_next_frame() -> None:
    """A block lost after it was loaded: the decoder lacks it, so coverage has to hear of it."""
    reader = Reader(ScriptFeed(), 6)
    reader.begin(30)
    reader.rebuild(opened(3))
    reader.rebuild(frame(5))
    reader.rebuild(frame(6))
    assert kinds(reader.decode(frame(7))) == ["gap journal_lost", "skipped"]
    assert kinds(reader.decode(frame(8))) == ["skipped"]


@pytest.mark.parametrize(
    ("narrow", "later", "expected"),
    [
        (False, ["image"], ["skipped"]),
        (False, ["image m1"], ["gap journal_lost", "skipped"]),
        (True, ["image m1"], ["skipped"]),
        (True, ["image m2"], ["gap journal_lost", "skipped"]),
        (True, ["image"], ["skipped"]),
        (False, ["opened"], ["skipped"]),
    ],
)
def test_what_was_repaired_since_is_not_said_again(narrow: bool, later: list[str], expected: list[str]) -> None:
    """An old hole that was dealt with long ago: by its image, by that of everything, by a new epoch."""
    reader = Reader(ScriptFeed(narrow=narrow), 6)
    reader.begin(30)
    reader.rebuild(opened(3))
    reader.rebuild(frame(5))
    for ordinal, word in enumerate(later, 6):
        reader.rebuild(opened(ordinal) if word == "opened" else frame(ordinal, word))
    assert kinds(reader.decode(frame(7))) == expected


def test_frames_lost_between_the_rebuilt_and_the_new() -> None:
    """The last frames loaded are gone."""
    reader = Reader(ScriptFeed(), 6)
    reader.begin(30)
    reader.rebuild(opened(3))
    assert kinds(reader.decode(frame(7))) == ["gap journal_lost", "skipped"]


def test_an_epoch_that_is_gone_is_a_gap() -> None:
    """What the decoder knew went with it; where nothing was ever loaded there was nothing to know."""
    reader = Reader(ScriptFeed(), 6)
    reader.begin(0)
    assert kinds(reader.decode(frame(7))) == ["gap epoch_lost", "skipped"]
    reader = Reader(ScriptFeed())
    reader.begin(0)
    assert kinds(reader.decode(opened(1))) == ["skipped"]


def test_a_frame_nobody_may_decode() -> None:
    """Quarantined as it is; an epoch begins all the same; holes before it are told."""
    reader = started(feed := ScriptFeed())
    decoded = reader.without(Frame("s", "opened", 1, epoch=True, ordinal=3, offset=30), "deadly", "died on it")
    assert kinds(decoded) == ["gap journal_lost", "deadly", "gap deadly"]
    assert feed.made[-1].read == ["broken: deadly at 30"]
    assert kinds(reader.decode(frame(4))) == ["skipped"]


def test_rejects_say_where_and_how_bad() -> None:
    """A refused frame is an error, a bug is critical, and has its stack."""
    assert refused("shape", "why", path="mc") == Reject(stage="decode", category="shape", reason="why", path="mc")
    bug = refused_bug("validate", TypeError("what"), path="p")
    assert bug == Reject(
        stage="validate", category="bug", reason="TypeError: what", severity="critical", path="p", error="TypeError: what\n"
    )


def test_frames_lost_at_the_tail_are_a_gap_with_the_next_frame() -> None:
    """The count goes on from the last readable frame, so no hole in it will ever say so."""
    feed = ScriptFeed()
    reader = started(feed, last=3)
    reader.lost()
    assert kinds(reader.decode(frame(5, "a"))) == ["gap journal_lost", "skipped"]
    assert kinds(reader.decode(frame(6, "a"))) == ["skipped"]
    reader.lost()
    assert kinds(reader.decode(frame(9, "a"))) == ["gap journal_lost", "skipped"]
