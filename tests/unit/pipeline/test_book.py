"""The book: what changed, in which order, what was withdrawn; against a plain model of the same rules."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestd.batch import Batch, Change, HeldRow, MarketRow
from ingestd.model import (
    CLOSED,
    NO_PRICE,
    SECOND,
    STATUS_RANK,
    STATUSES,
    WHOLE,
    Complete,
    Fixture,
    MarketStatus,
    Outcome,
    Quote,
    QuoteResult,
    Reject,
    Run,
    Scope,
    Selection,
    Status,
    TimeRule,
    hash64,
    selection,
)
from ingestd.pipeline.book import Book
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.held import Moment

SOURCE = "exchange"
T = 1_700_000_000 * SECOND
RUN = Run(run_id=1, kind="live", source="", started_at=T)
Update = Quote | MarketStatus | Complete


def made(key: str, market: str = "m1", event: str = "e1", outcome: str = "home") -> Selection:
    """A selection."""
    return selection(
        SOURCE,
        (key,),
        bookmaker="Book",
        source_event_id=event,
        source_market_id=market,
        scope=Scope("market", market),
        market="winner",
        outcome=outcome,
    )


A, B, C, D = made("a"), made("b"), made("c", "m2"), made("d", "m3", "e2")
ALL = (A, B, C, D)
EVENT_OF = {"m1": "e1", "m2": "e1", "m3": "e2"}


def new_batch(position: int = 0) -> Batch:
    """An empty one."""
    return Batch(run=RUN, journal_id=1, position=position)


def market_status(market: str, status: Status, at: int | None = None) -> MarketStatus:
    """A market's state."""
    event = EVENT_OF[market]
    return MarketStatus(source_event_id=event, source_market_id=market, market="winner", status=status, changed_at=at)


class Bench:
    """A book, and every row it wrote."""

    def __init__(self, rule: TimeRule = "ordered", catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or Catalogue()
        self.book = Book(SOURCE, self.catalogue, rule)
        self.batches: list[Batch] = []
        self.cut()

    def cut(self) -> None:
        """What was decided is committed."""
        self.batches.append(new_batch())
        self.book.begin(self.batches[-1])

    @property
    def batch(self) -> Batch:
        """The one at hand."""
        return self.batches[-1]

    @property
    def changes(self) -> list[Change]:
        """All so far."""
        return [change for batch in self.batches for change in batch.changes]

    def say(self, update: Update, at: int = T, offset: int = 1) -> Outcome | Reject:
        """Tell the book something."""
        moment = Moment(at, offset)
        if isinstance(update, Quote):
            return self.book.quote(update, moment)
        if isinstance(update, MarketStatus):
            return self.book.market_status(update, moment)
        return self.book.withdraw(update, moment)

    def rows(self, of: Selection) -> list[tuple[float | None, Status, int, int]]:
        """History of a selection: price, shown status, µs after T, seq."""
        return [(row.price, row.status, row.changed_at - T, row.seq) for row in self.changes if row.history and row.selection_id == of.id]

    def warmed(self, rule: TimeRule = "ordered") -> "Bench":
        """A new book, started from what a store that took every row would hold."""
        catalogue = Catalogue()
        catalogue.start([link for batch in self.batches for link in batch.links.values()], [])
        other = Bench(rule, catalogue)
        markets = {row.source_market_id: row for batch in self.batches for row in batch.markets.values()}
        told = {row.selection.id: row.selection for batch in self.batches for row in batch.selections.values()}
        other.book.warm(_held(self.changes, told), markets.values())
        return other


def _held(changes: list[Change], told: dict[int, Selection]) -> list[HeldRow]:
    last = {change.selection_id: change for change in changes if change.current}
    return [
        HeldRow(told[key], row.price, row.line, row.size, row.own_status, row.result, row.changed_at, row.seq) for key, row in last.items()
    ]


# ------------------------------------------------------------------------------------------------ the rules, one by one


def test_first_quote_is_written_with_all_that_names_it() -> None:
    """A selection met for the first time brings its bookmaker, event, market and its first row."""
    bench = Bench()
    assert bench.say(Quote(A, 2.0, 5.0, changed_at=T), T + 9, 77) == "changed"
    (change,) = bench.changes
    assert (change.price, change.size, change.status, change.changed_at - T, change.seq, change.time_basis) == (
        2.0,
        5.0,
        "open",
        0,
        0,
        "provider",
    )
    assert (change.received_at - T, change.offset, change.history, change.current) == (9, 77, True, True)
    event_id = hash64("event", SOURCE, "e1")
    row = bench.batch.selections[A.id]
    assert (row.selection, row.first_seen_at - T, row.changed_at - T) == (A, 9, 9)
    assert bench.batch.bookmakers[row.bookmaker_id].name == "Book"
    assert bench.batch.markets[SOURCE, "m1"] == MarketRow(SOURCE, "m1", "e1", "winner", "", "open", 0, 0)
    assert bench.batch.links[SOURCE, "e1"].event_id == event_id


def test_same_again_is_unchanged_and_same_stamp_is_duplicate() -> None:
    """What repeats itself writes nothing; the same stamp says that it is the very same statement."""
    bench = Bench()
    bench.say(Quote(A, 2.0, changed_at=T))
    assert bench.say(Quote(A, 2.0, changed_at=T)) == "duplicate"
    assert bench.say(Quote(A, 2.0, changed_at=T + 1)) == "unchanged"
    assert bench.say(Quote(A, 2.0, changed_at=T + 1)) == "duplicate"
    assert bench.say(Quote(A, 2.0)) == "unchanged"
    assert bench.say(Quote(A, 2.0)) == "unchanged"
    assert len(bench.changes) == 1


@pytest.mark.parametrize("other", [Quote(A, 2.1, 5.0, line=1.5), Quote(A, 2.0, 6.0, line=1.5), Quote(A, 2.0, 5.0, line=2.0)])
def test_price_size_and_line_each_make_a_row(other: Quote) -> None:
    """Any of the three is a change."""
    bench = Bench()
    bench.say(Quote(A, 2.0, 5.0, line=1.5))
    assert bench.say(other, T + 1) == "changed"
    assert [row.history for row in bench.changes] == [True, True]


def test_ordered_stamps_never_go_back_and_seq_counts_on() -> None:
    """changed_at is the later of the provider's stamp and what is held; seq tells equal ones apart and starts anew."""
    bench = Bench()
    for price, stamp in ((1.5, 10), (1.6, 10), (1.7, 4), (1.8, 11), (1.9, 11)):
        assert bench.say(Quote(A, price, changed_at=T + stamp)) == "changed"
    assert bench.rows(A) == [(1.5, "open", 10, 0), (1.6, "open", 10, 1), (1.7, "open", 10, 2), (1.8, "open", 11, 0), (1.9, "open", 11, 1)]


def test_without_a_stamp_the_time_of_receipt_counts() -> None:
    """time_basis says which clock it was."""
    bench = Bench()
    bench.say(Quote(A, 1.5), T + 3)
    bench.say(Quote(A, 1.6, changed_at=T + 8), T + 9)
    bench.say(market_status("m1", "suspended"), T + 10)
    bench.say(market_status("m1", "open", T + 11), T + 12)
    bench.say(Complete(WHOLE, frozenset()), T + 13)
    bench.say(Quote(A, 1.6, changed_at=T + 14), T + 15)
    bench.say(Complete(WHOLE, frozenset(), T + 16), T + 17)
    assert [(row.changed_at - T, row.time_basis) for row in bench.changes] == [
        (3, "received"),
        (8, "provider"),
        (10, "received"),
        (11, "provider"),
        (13, "received"),
        (14, "provider"),
        (16, "provider"),
    ]


def test_no_price_is_stored_as_none_and_none_repeats() -> None:
    """NO_PRICE says that there is none; None keeps price, line and size, and what the quote says beside it is not taken."""
    bench = Bench()
    bench.say(Quote(A, 1.5, 7.0, line=2.5))
    bench.say(Quote(A, None, 9.0, "suspended", 3.5), T + 1)
    bench.say(Quote(A, NO_PRICE, None, "suspended"), T + 2)
    bench.say(Quote(A, None, None, "withdrawn"), T + 3)
    assert [(row.price, row.size, row.line, row.status) for row in bench.changes] == [
        (1.5, 7.0, 2.5, "open"),
        (1.5, 7.0, 2.5, "suspended"),
        (None, None, None, "suspended"),
        (None, None, None, "withdrawn"),
    ]


def test_unknown_selection_withdrawn_says_nothing() -> None:
    """A withdrawal of what was never held leaves no trace."""
    bench = Bench()
    assert bench.say(Quote(A, None, status="withdrawn")) == "unchanged"
    assert (len(bench.book), bench.batch) == (0, new_batch())


def test_settlement_repeats_the_price_and_may_be_reopened() -> None:
    """A result comes with the last price; a later price opens again."""
    bench = Bench()
    bench.say(Quote(A, 1.5, changed_at=T))
    bench.say(Quote(A, None, None, "settled", changed_at=T + 5, result="won"))
    bench.say(Quote(A, 1.6, changed_at=T + 6))
    assert bench.rows(A) == [(1.5, "open", 0, 0), (1.5, "settled", 5, 0), (1.6, "open", 6, 0)]
    assert [row.result for row in bench.changes] == ["", "won", ""]


def test_a_corrected_result_is_a_row_of_its_own() -> None:
    """The result alone is a change."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.say(Quote(A, None, None, "settled", result="lost"), T + 1)
    assert bench.say(Quote(A, None, None, "settled", result="void"), T + 2) == "changed"
    assert [(row.result, row.history) for row in bench.changes] == [("", True), ("lost", True), ("void", True)]


def test_market_status_shows_on_every_selection_it_makes_worse() -> None:
    """One row per selection whose shown status changes; own status stays as it was; other markets are not concerned."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.say(Quote(B, 2.5, status="suspended"))
    bench.say(Quote(C, 3.5))
    assert bench.say(market_status("m1", "suspended", T + 5)) == "changed"
    assert bench.rows(A) == [(1.5, "open", 0, 0), (1.5, "suspended", 5, 0)]
    assert bench.rows(B) == [(2.5, "suspended", 0, 0)]
    assert bench.rows(C) == [(3.5, "open", 0, 0)]
    assert bench.changes[-1].own_status == "open"
    assert bench.batch.markets[SOURCE, "m1"].status == "suspended"


def test_a_quote_never_reopens_a_suspended_market() -> None:
    """The worse of own and market's status is shown, and the market's opening brings the own one back."""
    bench = Bench()
    bench.say(market_status("m1", "suspended"))
    bench.say(Quote(A, 1.5), T + 1)
    bench.say(market_status("m1", "open"), T + 2)
    assert bench.rows(A) == [(1.5, "suspended", 1, 0), (1.5, "open", 2, 0)]


def test_hidden_change_of_own_status_is_no_history() -> None:
    """What the market's state hides moves odds, not history; the price beside it would."""
    bench = Bench()
    bench.say(market_status("m1", "settled"))
    bench.say(Quote(A, 1.5), T + 1)
    assert bench.say(Quote(A, None, status="suspended"), T + 2) == "changed"
    assert bench.say(Quote(A, 1.6, status="suspended"), T + 3) == "changed"
    assert [(row.own_status, row.status, row.history, row.current) for row in bench.changes] == [
        ("open", "settled", True, True),
        ("suspended", "settled", False, True),
        ("suspended", "settled", True, True),
    ]


def test_market_status_said_again() -> None:
    """Markets know unchanged and duplicate too, and count on at equal stamps."""
    bench = Bench()
    assert bench.say(market_status("m1", "suspended", T + 5)) == "changed"
    assert bench.say(market_status("m1", "suspended", T + 5)) == "duplicate"
    assert bench.say(market_status("m1", "suspended", T + 6)) == "unchanged"
    assert bench.say(market_status("m1", "open", T + 2)) == "changed"
    row = bench.batch.markets[SOURCE, "m1"]
    assert (row.changed_at - T, row.seq) == (5, 1)


@pytest.mark.parametrize(
    ("scope", "gone"), [(WHOLE, "BCD"), (Scope("event", "e1"), "BC"), (Scope("market", "m1"), "B"), (Scope("market", "m9"), "")]
)
def test_complete_withdraws_what_its_scope_no_longer_lists(scope: Scope, gone: str) -> None:
    """Whole, event and market, and no further."""
    bench = Bench()
    for chosen in ALL:
        bench.say(Quote(chosen, 1.5))
    bench.cut()
    assert bench.say(Complete(scope, frozenset([A.id]), T + 7)) == ("changed" if gone else "unchanged")
    names = {A.id: "A", B.id: "B", C.id: "C", D.id: "D"}
    assert "".join(sorted(names[row.selection_id] for row in bench.batch.changes)) == gone
    assert {(row.price, row.own_status, row.status, row.changed_at - T) for row in bench.batch.changes} <= {
        (1.5, "withdrawn", "withdrawn", 7)
    }
    assert bench.say(Complete(scope, frozenset([A.id]), T + 8)) == "unchanged"


def test_a_query_completes_what_it_lists_and_nothing_beside() -> None:
    """One request of a polled feed says nothing of what others list, not even of the same market."""
    bench = Bench()
    mine, also = (replace(chosen, scope=Scope("query", "odds")) for chosen in (A, C))
    for chosen in (mine, also, B, D):
        bench.say(Quote(chosen, 1.5))
    bench.cut()
    assert bench.say(Complete(Scope("query", "odds"), frozenset([also.id]), T + 7)) == "changed"
    assert [(row.selection_id, row.own_status) for row in bench.batch.changes] == [(mine.id, "withdrawn")]
    assert bench.say(Complete(Scope("query", "scores"), frozenset(), T + 8)) == "unchanged"


def test_complete_leaves_what_is_over_alone() -> None:
    """What is settled is not withdrawn."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.say(Quote(A, None, status="settled", result="won"), T + 1)
    assert bench.book.missing(Complete(WHOLE, frozenset())) == []
    assert bench.say(Complete(WHOLE, frozenset()), T + 2) == "unchanged"


def test_a_suspended_selection_can_be_withdrawn_behind_its_market() -> None:
    """Missing means offered before, whatever the market says; shown is the worse."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.say(market_status("m1", "suspended"), T + 1)
    bench.say(Complete(WHOLE, frozenset()), T + 2)
    assert bench.rows(A) == [(1.5, "open", 0, 0), (1.5, "suspended", 1, 0), (1.5, "withdrawn", 2, 0)]


def test_a_selection_told_anew_is_written_anew() -> None:
    """Describing columns may change; the price they stand beside did not."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.cut()
    again = made("a", outcome="Home FC")
    assert again.id == A.id
    assert bench.say(Quote(again, 1.5), T + 4) == "unchanged"
    assert bench.batch.selections[A.id].selection.outcome == "Home FC"
    assert bench.batch.selections[A.id].changed_at == T + 4
    assert bench.batch.changes == []
    bench.cut()
    bench.say(Quote(made("a", outcome="Home FC"), 1.5))
    assert bench.batch.selections == {}


def test_a_selection_told_under_another_market_follows_that_one() -> None:
    """From then on the other market's state covers it, as it would after a restart."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.say(market_status("m2", "suspended"), T + 1)
    moved = made("a", "m2")
    assert bench.say(Quote(moved, 1.5), T + 2) == "changed"
    bench.say(market_status("m1", "settled"), T + 3)
    bench.say(market_status("m2", "open"), T + 4)
    assert bench.rows(A) == [(1.5, "open", 0, 0), (1.5, "suspended", 2, 0), (1.5, "open", 4, 0)]


def test_a_selection_that_cannot_be_named_is_refused_every_time() -> None:
    """And leaves no stub of a market or an event behind."""
    bench = Bench()
    bad = made("a", outcome="a\x00b")
    for _ in range(2):
        verdict = bench.say(Quote(bad, 1.5))
        assert isinstance(verdict, Reject)
        assert (verdict.stage, verdict.category) == ("validate", "text")
        assert "a\\x00b" in verdict.update
    assert (len(bench.book), bench.batch) == (0, new_batch())


def test_a_bad_retelling_leaves_the_good_one() -> None:
    """The selection goes on as it was named."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    assert isinstance(bench.say(Quote(made("a", outcome="\ud800"), 1.6)), Reject)
    assert bench.say(Quote(A, 1.5)) == "unchanged"


# ------------------------------------------------------------------------------------------------ stamped feeds


def test_stamped_late_statement_completes_history_only() -> None:
    """It is stale, keeps its own time, does not touch what is current, and its neighbours are settled."""
    bench = Bench("stamped")
    bench.say(Quote(A, 1.5, changed_at=T + 10))
    assert bench.say(Quote(A, 1.4, 3.0, changed_at=T + 4)) == "stale"
    late = bench.changes[-1]
    assert (late.price, late.size, late.changed_at - T, late.seq, late.history, late.current) == (1.4, 3.0, 4, 0, True, False)
    assert bench.batch.settle == {A.id}
    assert bench.say(Quote(A, 1.5, changed_at=T + 10)) == "duplicate"


def test_a_nominal_moment_has_one_price() -> None:
    """What is read later of the same nominal moment replaces what was read before; elsewhere it would be a change after it."""
    bench = Bench("stamped")
    for price in (1.5, 1.6):
        assert bench.say(Quote(A, price, changed_at=T + 5, nominal=True)) == "changed"
        assert bench.say(Quote(B, price, changed_at=T + 5)) == "changed"
    assert bench.say(Quote(A, 1.7, changed_at=T + 4, nominal=True)) == "stale"
    assert bench.rows(A) == [(1.5, "open", 5, 0), (1.6, "open", 5, 0), (1.7, "open", 4, 0)]
    assert bench.rows(B) == [(1.5, "open", 5, 0), (1.6, "open", 5, 1)]
    assert {(row.selection_id, row.time_basis) for row in bench.changes} == {(A.id, "nominal"), (B.id, "provider")}


def test_the_same_at_the_next_nominal_moment_is_told_anew() -> None:
    """That the closing price equals the opening one is known only by a row of its own; whatever has a real stamp is unchanged."""
    bench = Bench("stamped")
    for after in (5, 6):
        expected = "changed" if after == 5 else "unchanged"
        assert bench.say(Quote(A, 1.5, changed_at=T + after, nominal=True)) == "changed"
        assert bench.say(Quote(B, 1.5, changed_at=T + after)) == expected
    assert bench.say(Quote(A, 1.5, changed_at=T + 6, nominal=True)) == "duplicate"
    assert (bench.rows(A), bench.rows(B)) == ([(1.5, "open", 5, 0), (1.5, "open", 6, 0)], [(1.5, "open", 5, 0)])


def test_without_a_stamp_nothing_is_nominal() -> None:
    """A nominal moment in the future counts as none: what is left is the time of reading."""
    assert Quote(A, 1.5, nominal=True).time_basis == "received"


def test_stamped_late_retelling_does_not_undo_a_newer_one() -> None:
    """What an older statement calls it is not what it is called now."""
    bench = Bench("stamped")
    bench.say(Quote(A, 1.5, changed_at=T + 10))
    bench.cut()
    assert bench.say(Quote(made("a", "m2"), 1.4, changed_at=T + 4)) == "stale"
    bench.say(market_status("m1", "suspended", T + 11))
    assert bench.batch.selections == {}
    assert [row.status for row in bench.batch.changes if row.current] == ["suspended"]


def test_stamped_statements_of_one_time_follow_each_other() -> None:
    """Equal is not late."""
    bench = Bench("stamped")
    bench.say(Quote(A, 1.5, changed_at=T))
    bench.say(market_status("m1", "suspended", T))
    assert bench.say(market_status("m1", "open", T)) == "changed"
    assert bench.say(Quote(A, 1.6, changed_at=T)) == "changed"
    assert bench.say(Complete(WHOLE, frozenset(), T)) == "changed"
    assert [seq for *_, seq in bench.rows(A)] == [0, 1, 2, 3, 4]
    row = bench.batch.markets[SOURCE, "m1"]
    assert (row.status, row.changed_at - T, row.seq) == ("open", 0, 1)


def test_stamped_market_and_withdrawal_that_come_late() -> None:
    """A market's older state is stale; what changed since a walk began is not withdrawn by it."""
    bench = Bench("stamped")
    bench.say(Quote(A, 1.5, changed_at=T + 3))
    bench.say(Quote(B, 1.5, changed_at=T + 9))
    assert bench.say(market_status("m1", "open", T + 9)) == "changed"
    assert bench.say(market_status("m1", "suspended", T + 8)) == "stale"
    assert bench.say(market_status("m1", "open", T + 9)) == "duplicate"
    assert bench.say(Complete(WHOLE, frozenset(), T + 6)) == "changed"
    assert bench.rows(A) == [(1.5, "open", 3, 0), (1.5, "withdrawn", 6, 0)]
    assert bench.rows(B) == [(1.5, "open", 9, 0)]


# ------------------------------------------------------------------------------------------------ refusals, forgetting


def test_take_back_of_a_new_selection() -> None:
    """It was never there: the next statement names it anew."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.say(Quote(A, 1.6), T + 1)
    assert bench.book.take_back(A.id) == 2
    assert (bench.book.take_back(A.id), len(bench.book)) == (0, 0)
    bench.cut()
    assert bench.say(Quote(A, 1.6), T + 2) == "changed"
    assert list(bench.batch.selections) == [A.id]
    assert [(row.price, row.changed_at - T, row.seq) for row in bench.batch.changes] == [(1.6, 2, 0)]


def test_take_back_restores_what_the_store_still_has() -> None:
    """Price, stamp and seq as before the batch, however many of its rows were refused; the same statement is written again."""
    bench = Bench()
    bench.say(Quote(A, 1.5, changed_at=T))
    bench.cut()
    bench.say(Quote(A, 1.6, changed_at=T))
    bench.say(Quote(A, 1.7, changed_at=T + 1))
    assert [bench.book.take_back(A.id), bench.book.take_back(A.id)] == [2, 0]
    bench.cut()
    assert bench.say(Quote(A, 1.5, changed_at=T + 1)) == "unchanged"
    assert bench.say(Quote(A, 1.6, changed_at=T)) == "changed"
    assert [(row.price, row.changed_at - T, row.seq) for row in bench.batch.changes] == [(1.6, 0, 1)]
    bench.cut()
    bench.say(market_status("m1", "suspended"), T + 9)
    assert [row.selection_id for row in bench.batch.changes] == [A.id]


def test_take_back_of_rows_that_a_market_or_a_walk_caused() -> None:
    """They count as no update of the selection, and it stands as before all the same."""
    for said in (market_status("m1", "suspended", T + 1), Complete(WHOLE, frozenset(), T + 1)):
        bench = Bench()
        bench.say(Quote(A, 1.5, changed_at=T))
        bench.cut()
        bench.say(said)
        assert bench.book.take_back(A.id) == 0
        held = bench.book._held[A.id]
        assert (held.own_status, held.status, held.changed_at - T) == ("open", "open", 0)


def test_take_back_of_a_retelling_tells_it_again() -> None:
    """A refused description is not held for known."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.cut()
    again = made("a", "m2")
    bench.say(Quote(again, 1.5), T + 1)
    assert bench.book.take_back(A.id) == 0
    bench.cut()
    assert bench.say(Quote(again, 1.5), T + 2) == "unchanged"
    assert bench.batch.selections[A.id].selection == again


def test_take_back_of_a_late_row_leaves_the_current_one() -> None:
    """A refused row of history concerns nothing that is held."""
    bench = Bench("stamped")
    bench.say(Quote(A, 1.5, changed_at=T + 5))
    bench.cut()
    bench.say(Quote(A, 1.4, changed_at=T))
    assert bench.book.take_back(A.id) == 0
    assert bench.say(Quote(A, 1.5, changed_at=T + 5)) == "duplicate"


def test_take_back_of_a_new_market() -> None:
    """It, and all in it, is met anew."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.book.take_back_market("m1")
    bench.book.take_back_market("m1")
    bench.cut()
    assert bench.say(Quote(A, 1.5), T + 1) == "changed"
    assert (list(bench.batch.markets), list(bench.batch.selections)) == ([(SOURCE, "m1")], [A.id])


def test_take_back_of_a_market_state_keeps_what_is_in_it() -> None:
    """The state is told again, and the selections of the market can still be withdrawn."""
    bench = Bench()
    bench.say(Quote(A, 1.5))
    bench.cut()
    bench.say(market_status("m1", "suspended", T + 1))
    bench.book.take_back_market("m1")
    bench.cut()
    assert bench.say(market_status("m1", "suspended", T + 1)) == "changed"
    assert bench.say(Complete(WHOLE, frozenset()), T + 2) == "changed"


def test_unknown_words_are_counted_as_they_were_last_told() -> None:
    """Once a selection: one that gets a word leaves the count, and what the store refused never was in it."""
    bench = Bench()
    counts = bench.book.unknown
    for _ in range(2):
        bench.say(Quote(A, 1.5))
        bench.say(Quote(B, 1.5))
    assert counts == {"unknown_market": 2, "unknown_period": 0, "unknown_outcome": 0}
    bench.cut()
    named = [replace(A, market="moneyline", period=period, outcome=outcome) for period, outcome in (("h9", "Reds"), ("", "home"))]
    bench.say(Quote(named[0], 1.5))
    assert counts == {"unknown_market": 1, "unknown_period": 1, "unknown_outcome": 1}
    bench.book.take_back(A.id)
    assert counts == {"unknown_market": 2, "unknown_period": 0, "unknown_outcome": 0}
    bench.cut()
    bench.say(Quote(named[1], 1.5))
    bench.say(Quote(C, 1.5))
    bench.book.take_back_market("m2")
    assert counts == {"unknown_market": 1, "unknown_period": 0, "unknown_outcome": 0}


def moment(at: int) -> Moment:
    """A frame of this time."""
    return Moment(at, 1)


def begun(bench: Bench) -> None:
    """Event e1 starts at T."""
    bench.catalogue.fixture(SOURCE, Fixture(source_event_id="e1", sport="s", name="n", starts_at=T), T, "ordered", bench.batch)


def test_forget_lets_go_of_what_is_over() -> None:
    """What was withdrawn before, of events long started, and did not move since; never what has no start."""
    bench = Bench()
    begun(bench)
    for one, at in ((A, T), (B, T + 100), (D, T)):
        bench.say(Quote(one, 1.5), T)
        bench.say(Quote(one, None, status="withdrawn"), at)
    bench.book.forget(T + 1, T, moment(T + 200))
    assert len(bench.book) == 2
    assert bench.say(Quote(A, None, status="withdrawn"), T + 201) == "unchanged"
    assert [bench.say(Quote(one, None, status="withdrawn"), T + 201) for one in (B, D)] == ["unchanged", "unchanged"]


def test_forget_withdraws_what_is_over_and_still_on_offer() -> None:
    """Else its price would stay open for ever: an absence is only seen by whoever holds it. It is let go of in its turn."""
    bench = Bench()
    begun(bench)
    bench.say(Quote(A, 1.5), T)
    bench.book.forget(T + 1, T, moment(T + 200))
    assert (bench.batch.changes[-1].status, bench.batch.changes[-1].changed_at, len(bench.book)) == ("withdrawn", T + 200, 1)
    bench.book.forget(T + 201, T, moment(T + 400))
    assert len(bench.book) == 0


def test_forget_leaves_what_a_recording_told_as_it_is() -> None:
    """It is let go of, and nothing is said: a file of another time is no news of it."""
    bench = Bench()
    begun(bench)
    bench.say(Quote(A, 1.5), T)
    told = len(bench.batch.changes)
    bench.book.forget(T + 1, T, None)
    assert (len(bench.batch.changes), len(bench.book)) == (told, 0)


def test_a_closing_can_be_taken_back_for_a_while() -> None:
    """Though nothing is offered there again: the price that had ended is withdrawn."""
    bench = Bench()
    bench.say(Quote(C, 1.5), T)
    bench.say(Quote(C, None, status="settled", result="won"), T + 100)
    bench.book.forget(T, T + 100, moment(T + 200))
    assert bench.say(Quote(C, None, status="withdrawn"), T + 201) == "changed"
    bench.say(Quote(C, None, status="settled", result="won"), T + 202)
    bench.book.forget(T, T + 203, moment(T + 203))
    assert bench.say(Quote(C, None, status="withdrawn"), T + 204) == "unchanged"


def test_forget_drops_a_settled_market_once_empty() -> None:
    """A market that still covers something, or may open again, stays."""
    bench = Bench()
    bench.say(Quote(A, 1.5), T)
    bench.say(market_status("m1", "settled"), T)
    bench.say(market_status("m2", "suspended"), T)
    bench.book.forget(T + 2, T + 2, moment(T))
    assert bench.say(market_status("m1", "settled"), T + 1) == "unchanged"
    bench.say(Quote(A, None, status="settled"), T + 1)
    bench.book.forget(T, T + 2, moment(T + 2))
    assert bench.say(market_status("m1", "settled"), T + 2) == "unchanged"
    bench.book.forget(T + 2, T + 2, moment(T + 2))
    assert bench.say(market_status("m2", "suspended"), T + 2) == "unchanged"
    assert bench.say(market_status("m1", "settled"), T + 2) == "changed"


def test_what_opens_again_is_later_than_its_closing() -> None:
    """The provider's stamp may be older, and the store keeps the later statement; whether the book still holds the price or not."""
    for kept in (T, T + 10_000):
        bench = Bench()
        bench.say(Quote(A, 1.5, changed_at=T), T)
        bench.say(Quote(A, None, status="settled", result="won", changed_at=T + 100), T + 100)
        bench.say(market_status("m1", "settled", T + 100), T + 100)
        bench.book.forget(T, kept, moment(T + 200))
        bench.say(Quote(A, 1.5, changed_at=T), T + 300)
        assert (bench.batch.changes[-1].changed_at, bench.batch.changes[-1].own_status) == (T + 101, "open")


def test_a_nominal_price_that_was_gone_is_there_again() -> None:
    """Before its event, what a file lists is offered now, though its moment has an older name; afterwards it is only history."""
    bench = Bench("stamped")
    bench.catalogue.fixture(SOURCE, Fixture(source_event_id="e1", sport="s", name="n", starts_at=T + 50), T, "ordered", bench.batch)
    bench.say(Quote(A, 1.5, changed_at=T, nominal=True), T + 1)
    assert bench.say(Complete(WHOLE, frozenset()), T + 10) == "changed"
    assert bench.say(Quote(A, 1.5, changed_at=T, nominal=True), T + 20) == "changed"
    assert bench.say(Quote(A, 1.5, changed_at=T, nominal=True), T + 30) == "unchanged"
    assert bench.say(Complete(WHOLE, frozenset()), T + 60) == "changed"
    assert bench.say(Quote(A, 1.5, changed_at=T, nominal=True), T + 70) == "stale"
    assert bench.rows(A)[:4] == [(1.5, "open", 0, 0), (1.5, "withdrawn", 10, 0), (1.5, "open", 20, 0), (1.5, "withdrawn", 50, 0)]


def test_a_market_covers_from_its_closing_on() -> None:
    """A stamped file read again, by a book that let go of its prices, says that they were open: at that time they were."""
    bench = Bench("stamped")
    bench.say(market_status("m1", "settled", T + 100), T + 100)
    bench.say(Quote(A, 1.5, changed_at=T + 1, nominal=True), T + 200)
    bench.say(Quote(A, NO_PRICE, status="settled", changed_at=T + 100, nominal=True), T + 200)
    assert bench.rows(A) == [(1.5, "open", 1, 0), (None, "settled", 100, 0)]


def test_the_later_telling_of_a_selection_counts() -> None:
    """Though the price was told with an older stamp, or with the same: a restart must find it in the query that listed it last."""
    bench = Bench()
    bench.say(Quote(A, 1.5, changed_at=T), T + 1)
    bench.cut()
    bench.say(Quote(replace(A, scope=Scope("query", "q2")), 1.5, changed_at=T), T + 2)
    assert (bench.batch.selections[A.id].selection.scope.id, bench.batch.selections[A.id].changed_at) == ("q2", T + 2)


def test_a_suspension_brings_nothing_back() -> None:
    """What is withdrawn, or over, is not on offer again because all of its event is suspended."""
    bench = Bench()
    gone: tuple[tuple[Selection, Status], ...] = ((A, "withdrawn"), (B, "settled"))
    for one, status in gone:
        bench.say(Quote(one, 1.5), T)
        bench.say(Quote(one, None, status=status), T + 1)
        assert bench.say(Quote(one, None, status="suspended"), T + 2) == "unchanged"
    assert bench.say(Quote(A, 1.6, status="suspended"), T + 3) == "changed"


def test_what_a_closed_market_covers_is_withdrawn_by_absence() -> None:
    """It may open again without it; nothing of that shows, and nothing has to be seen twice."""
    bench = Bench()
    bench.say(Quote(A, 1.5), T)
    bench.say(market_status("m1", "settled"), T)
    gone = Complete(WHOLE, frozenset())
    assert bench.book.missing(gone) == []
    assert bench.say(gone, T + 1) == "changed"
    last = bench.batch.changes[-1]
    assert (last.own_status, last.status, last.history) == ("withdrawn", "settled", False)
    bench.say(market_status("m1", "open"), T + 2)
    assert bench.batch.changes[-1].status == "withdrawn"


# ------------------------------------------------------------------------------------------------ against a plain model


@dataclass
class Known:
    """A selection in the model."""

    market: str
    price: float | None = None
    line: float | None = None
    size: float | None = None
    own: Status = "open"
    result: QuoteResult = ""
    shown: Status = "open"
    changed_at: int = -1
    seq: int = 0

    def visible(self) -> tuple[object, ...]:
        """What history tells."""
        return self.price, self.line, self.size, self.shown, self.result


Row = tuple[int, int, int, float | None, float | None, float | None, str, str]


@dataclass
class Model:
    """An ordered feed in the plainest words: after every statement everything is looked at again."""

    markets: dict[str, Status] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    known: dict[int, Known] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)

    def say(self, update: Update, at: int) -> bool:
        """Returns whether anything changed."""
        stamp = at if update.changed_at is None else update.changed_at
        before = {key: (known.visible(), known.own) for key, known in self.known.items()}
        changed = False
        if isinstance(update, Quote):
            self._quote(update)
            market = update.selection.source_market_id
            if self.markets.get(market) in CLOSED and update.status not in CLOSED:
                stamp = max(stamp, self.since[market] + 1)
        elif isinstance(update, MarketStatus):
            market = update.source_market_id
            changed = self.markets.get(market) != update.status
            if changed:
                self.since[market] = max(stamp, self.since.get(market, 0))
            self.markets[market] = update.status
        else:
            for chosen in ALL:
                known = self.known.get(chosen.id)
                scope = {"source": "", "event": chosen.source_event_id, "market": chosen.source_market_id}[update.scope.kind]
                gone = scope == update.scope.id and chosen.id not in update.listed
                if known is not None and gone and known.own in ("open", "suspended"):
                    known.own = "withdrawn"
        return self._settle(before, stamp) or changed

    def _quote(self, quote: Quote) -> None:
        known = self.known.get(quote.selection.id)
        if known is None:
            if quote.price is None:
                return
            known = self.known[quote.selection.id] = Known(quote.selection.source_market_id)
        if quote.price is None and quote.status == "suspended" and known.own not in ("open", "suspended"):
            return
        known.own, known.result = quote.status, quote.result
        if quote.price is not None:
            known.price, known.line, known.size = quote.price or None, quote.line, quote.size

    def _settle(self, before: dict[int, tuple[tuple[object, ...], Status]], stamp: int) -> bool:
        changed = False
        for key, known in self.known.items():
            market = self.markets.get(known.market, "open")
            known.shown = STATUSES[max(STATUS_RANK[known.own], STATUS_RANK[market])]
            was = before.get(key)
            if was == (known.visible(), known.own):
                continue
            changed = True
            known.changed_at, known.seq = (stamp, 0) if stamp > known.changed_at else (known.changed_at, known.seq + 1)
            if was is None or was[0] != known.visible():
                row = (key, known.changed_at, known.seq, known.price, known.line, known.size, known.shown, known.result)
                self.history.append(row)
        return changed

    def odds(self) -> dict[int, tuple[object, ...]]:
        """What the table should hold."""
        return {key: (k.price, k.line, k.size, k.own, k.shown, k.result, k.changed_at, k.seq) for key, k in self.known.items()}


def _odds(changes: list[Change]) -> dict[int, tuple[object, ...]]:
    return {c.selection_id: (c.price, c.line, c.size, c.own_status, c.status, c.result, c.changed_at, c.seq) for c in changes if c.current}


def _history(changes: list[Change]) -> list[Row]:
    return [(c.selection_id, c.changed_at, c.seq, c.price, c.line, c.size, c.status, c.result) for c in changes if c.history and c.current]


stamps = st.none() | st.integers(T - 3, T + 12)
statuses = st.sampled_from(STATUSES)
quotes = st.builds(
    Quote,
    st.sampled_from(ALL),
    st.sampled_from([None, NO_PRICE, 1.5, 2.0, 2.5]),
    st.sampled_from([None, 1.0]),
    st.sampled_from(["open", "open", *STATUSES]),
    st.sampled_from([None, 0.5]),
    stamps,
    st.sampled_from(["", "", "won", "lost"]),
)
market_states = st.builds(market_status, st.sampled_from(["m1", "m2", "m3"]), statuses, stamps)
scopes = st.sampled_from([WHOLE, Scope("event", "e1"), Scope("event", "e2"), Scope("market", "m1"), Scope("market", "m2")])
completes = st.builds(Complete, scopes, st.frozensets(st.sampled_from([chosen.id for chosen in ALL])), stamps)
sequences = st.lists(st.tuples(quotes | quotes | market_states | completes, st.integers(0, 2)), max_size=30)
Sequence = list[tuple[Update, int]]


def play(bench: Bench, sequence: Sequence, cuts: frozenset[int] = frozenset(), begin: int = 0) -> None:
    """Say the sequence from ``begin`` on; each step is (update, µs since the one before)."""
    at = T
    for index, (update, later) in enumerate(sequence):
        at += later
        if index in cuts:
            bench.cut()
        if index >= begin:
            bench.say(update, at, index)


@settings(max_examples=300, deadline=None)
@given(sequences)
def test_ordered_book_is_the_plain_model(sequence: Sequence) -> None:
    """Odds after every statement, and the history in its order, are what the plain model says; so is whether anything changed."""
    bench, model = Bench(), Model()
    at = T
    for update, later in sequence:
        at += later
        outcome = bench.say(update, at)
        assert (outcome == "changed") == model.say(update, at) or (outcome == "changed" and isinstance(update, MarketStatus))
        assert _odds(bench.changes) == model.odds()
    assert sorted(_history(bench.changes), key=lambda row: row[:3]) == sorted(model.history, key=lambda row: row[:3])
    keys = [row[:3] for row in _history(bench.changes)]
    assert len(keys) == len(set(keys))


@settings(max_examples=200, deadline=None)
@given(sequences, st.sampled_from(["ordered", "stamped"]), st.frozensets(st.integers(0, 30)))
def test_batches_may_be_cut_anywhere(sequence: Sequence, rule: TimeRule, cuts: frozenset[int]) -> None:
    """The rows are the same, one by one, whatever the batches (I3)."""
    whole, cut = Bench(rule), Bench(rule)
    play(whole, sequence)
    play(cut, sequence, cuts)
    assert cut.changes == whole.changes
    assert {key: row for batch in cut.batches for key, row in batch.markets.items()} == whole.batch.markets
    assert {key: row for batch in cut.batches for key, row in batch.selections.items()} == whole.batch.selections
    assert {key for batch in cut.batches for key in batch.settle} == whole.batch.settle


@settings(max_examples=200, deadline=None)
@given(sequences, st.sampled_from(["ordered", "stamped"]), st.integers(0, 30))
def test_a_warmed_book_goes_on_as_if_nothing_had_happened(sequence: Sequence, rule: TimeRule, restart: int) -> None:
    """A book started from the store's rows writes exactly what the undisturbed one writes (I3)."""
    before = Bench(rule)
    play(before, sequence[:restart])
    after = before.warmed(rule)
    before.cut()
    play(before, sequence, begin=restart)
    play(after, sequence, begin=restart)
    assert after.batch.changes == before.batch.changes
    assert after.batch.markets == before.batch.markets
    assert after.batch.selections == before.batch.selections


@settings(max_examples=200, deadline=None)
@given(sequences, st.integers(0, 30), st.sampled_from(ALL))
def test_taken_back_is_as_if_never_said(sequence: Sequence, begin: int, refused: Selection) -> None:
    """After a refusal the selection stands where it stood before the batch, and the rest where it stands now."""
    bench = Bench()
    play(bench, sequence[:begin])
    kept = bench.changes
    bench.cut()
    play(bench, sequence, begin=begin)
    bench.book.take_back(refused.id)
    rest = [change for change in bench.batch.changes if change.selection_id != refused.id]
    bench.cut()
    expected = _odds(kept).get(refused.id)
    for chosen in ALL:
        stands = _odds([*kept, *rest]).get(chosen.id)
        held = bench.book._held.get(chosen.id)
        said = held and (held.price, held.line, held.size, held.own_status, held.status, held.result, held.changed_at, held.seq)
        assert said == (expected if chosen.id == refused.id else stands)


def test_rows_of_a_batch_stand_in_order() -> None:
    """Several rows of one selection in a batch ascend by (changed_at, seq)."""
    bench = Bench()
    for price, stamp in ((1.5, 10), (1.6, 10), (1.7, 4), (1.8, 11)):
        bench.say(Quote(A, price, changed_at=T + stamp))
        bench.say(replace(market_status("m1", "suspended" if stamp == 4 else "open"), changed_at=T + stamp))
    keys = [(row.changed_at, row.seq) for row in bench.changes]
    assert keys == sorted(set(keys))
