"""The nouns: ids that never change, weights, orders."""

import pytest
from msgspec.structs import replace

from ingestd.model import CLOSED, OUTCOMES, STATUS_RANK, STATUSES, Frame, Scope, Selection, Side, hash64, selection


def named(source: str, *key: str, market: str = "winner", outcome: str = "home", period: str = "", side: Side = "back") -> Selection:
    """A selection of a market at a bookmaker."""
    return selection(
        source,
        key,
        bookmaker="Book",
        source_event_id="e1",
        source_market_id="m1",
        scope=Scope("market", "m1"),
        market=market,
        period=period,
        outcome=outcome,
        side=side,
    )


def test_hash64_is_fixed_for_ever() -> None:
    """Ids are stored: another hash would give every selection a second life."""
    fixed = [3244421341483603138, -1817709641818812897, -2994339020679955527, -8374914350926293407]
    assert [hash64(), hash64("a"), hash64("a", "b"), hash64("ü", "🎾")] == fixed


def test_hash64_keeps_words_apart_and_takes_any() -> None:
    """("a", "bc") is not ("ab", "c"); a lone surrogate has an id too; all fit 64 bits with a sign."""
    values = {hash64(*words) for words in (("a", "bc"), ("ab", "c"), ("abc",), ("abc", ""), ("", "abc"), ("\ud800",))}
    assert len(values) == 6
    many = [hash64(str(number)) for number in range(1_000)]
    assert -(1 << 63) <= min(many) < 0 < max(many) < 1 << 63


def test_a_selection_is_named_by_its_key_alone() -> None:
    """Describing columns do not change the id; source and every word of the key do."""
    one = named("s", "m1", "home")
    told_anew = named("s", "m1", "home", outcome="Home FC", market="1x2", period="1", side="lay")
    assert told_anew.id == one.id == hash64("1", "s", "m1", "home")
    assert len({one.id, named("t", "m1", "home").id, named("s", "m1", "away").id, named("s", "m1").id}) == 4


def test_identity_can_be_read_and_is_unambiguous() -> None:
    """The words with the rule's version before them; separators inside are escaped."""
    assert named("s", "m1", "home").identity == "1|s|m1|home"
    texts = {named("s", *key).identity for key in (("a|b",), ("a", "b"), ("a\\|b",), ("a\\", "b"))}
    assert len(texts) == 4


def test_a_frame_weighs_more_than_its_payload() -> None:
    """Empty ones count too."""
    frame = Frame("s", "data", 1, b"12345", token="abc")
    assert (frame.weight, replace(frame, payload=b"", token="").weight) == (168, 160)


def test_frames_do_not_share_their_meta() -> None:
    """Each has its own."""
    one, other = Frame("s", "data", 1), Frame("s", "data", 1)
    one.meta["url"] = "x"
    assert other.meta == {}


@pytest.mark.parametrize(
    ("better", "worse"), [("open", "suspended"), ("suspended", "withdrawn"), ("withdrawn", "settled"), ("settled", "void")]
)
def test_statuses_have_an_order(better: str, worse: str) -> None:
    """The shown status is the worse of two."""
    ranks = {str(status): rank for status, rank in STATUS_RANK.items()}
    assert ranks[better] < ranks[worse]


def test_words_and_their_sets_agree() -> None:
    """What is closed is a status; six outcomes."""
    assert set(STATUS_RANK) == set(STATUSES) >= CLOSED
    assert {"settled", "void"} == CLOSED
    assert OUTCOMES == ("quarantined", "filtered", "duplicate", "stale", "unchanged", "changed")
