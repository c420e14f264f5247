"""What one transaction holds."""

from ingestd.batch import POSITION_BITS, Batch, LinkRow, MarketRow, Refusal, Written, store_offset
from ingestd.model import Run

RUN = Run(run_id=1, kind="live", source="", started_at=0)


def test_an_offset_holds_journal_and_position() -> None:
    """One int8, ordered by journal, then position, and taken apart again."""
    assert store_offset(1, 1) == 1_099_511_627_777
    assert store_offset(1, (1 << POSITION_BITS) - 1) < store_offset(2, 0)
    largest = store_offset((1 << 23) - 1, (1 << POSITION_BITS) - 1)
    assert largest == (1 << 63) - 1
    assert divmod(store_offset(7, 9), 1 << POSITION_BITS) == (7, 9)


def test_batches_do_not_share_rows() -> None:
    """Each begins empty, and live: the guard alone decides."""
    one, other = Batch(run=RUN, journal_id=1, position=2), Batch(run=RUN, journal_id=1, position=2)
    one.settle.add(1)
    one.markets["s", "m"] = MarketRow("s", "m", "e", "w", "", "open", 0, 0)
    one.links["s", "e"] = LinkRow(source="s", source_event_id="e", event_id=1)
    assert (other.settle, other.markets, other.links, other.changes, other.odds_after) == (set(), {}, {}, [], None)


def test_a_stub_ranks_below_everything_told() -> None:
    """``changed_at`` 0."""
    assert (LinkRow(source="s", source_event_id="e", event_id=1).changed_at, LinkRow(source="s", source_event_id="e", event_id=1).seq) == (
        0,
        0,
    )


def test_nothing_refused_is_the_rule() -> None:
    """``Written`` says what was written and what was not."""
    assert Written() == Written({}, ())
    assert Written(refused=(Refusal("odds", (1,), "no"),)).refused[0].key == (1,)
