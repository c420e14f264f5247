"""A source's frames once more: what of them is told anew, from where, and until when."""

from msgspec.structs import replace

from ingestd.batch import Batch, HeldRow, MarketRow, Warm
from ingestd.model import WHOLE, Complete, Decoded, Fixture, Frame, MarketStatus, Quote, Run, Scope, TimeRule, selection
from ingestd.pipeline.docket import Docket
from ingestd.pipeline.lane import CLOSED_KEPT, SWEEP, USUAL
from ingestd.pipeline.retrial import Retrial
from tests.unit.pipeline.test_docket import AT, ONE
from tests.unit.pipeline.test_lane import MuteFeed

M1 = Scope("market", "m1")
A, B = (
    selection("s", (key,), bookmaker="Book", source_event_id="e1", source_market_id="m1", scope=M1, market="winner", outcome=key)
    for key in ("a", "b")
)
MARKET = MarketStatus(source_event_id="e1", source_market_id="m1", market="winner", status="open")
RULE = replace(ONE, stage="validate")


class Bench:
    """A retrial of the record of frame 5, whose book held both at 2.0."""

    def __init__(self, record: object = RULE, rule: TimeRule = "ordered") -> None:
        held = [HeldRow(one, 2.0, None, None, "open", "", AT, 0) for one in (A, B)]
        warm = Warm(held=held, markets=[MarketRow("s", "m1", "e1", "winner", "", "open", 0, 0)])
        docket = Docket([(record, 1)], frozenset())  # type: ignore[list-item] # a record
        self.lane = Retrial(docket, 1, "s", "mute", MuteFeed(rule), warm=warm, replay=True, standards=USUAL)
        self.batch = Batch(run=Run(run_id=1, kind="retry", source="s", started_at=AT), journal_id=0, position=0)
        self.lane.book.begin(self.batch)

    def frame(self, position: int, *said: Decoded, epoch: bool = False) -> bool:
        """A frame that says these things; whether it is enough by then."""
        self.lane.apply(Frame("s", "data", AT + position, b"x", epoch=epoch, offset=position), said, position, self.batch)
        return self.lane.enough()

    def told(self) -> list[tuple[str, int, float | None]]:
        """Rows: outcome, frame, price."""
        names = {A.id: "a", B.id: "b"}
        return [(names[change.selection_id], change.offset, change.price) for change in self.batch.changes]


def test_only_what_the_frame_tells_of_and_until_it_is_told_again() -> None:
    """What comes before, what others are told, and what comes behind is not written."""
    bench = Bench()
    assert not bench.frame(3, Quote(A, 2.1), Quote(B, 2.1))
    assert not bench.frame(5, Quote(A, 2.2))
    assert not bench.frame(6, Quote(B, 2.3))
    assert bench.frame(7, Quote(A, 2.4))
    assert bench.frame(8, Quote(A, 2.5))
    assert bench.told() == [("a", 5, 2.2), ("a", 7, 2.4)]
    assert bench.batch.retelling is not None
    assert (bench.batch.retelling.since, bench.batch.retelling.until) == ({A.id: 5}, 7)
    last = replace_position(bench)
    bench.lane.close(last)
    assert last.settle == {A.id}
    assert last.retelling is not None
    (standing,) = last.retelling.standings
    assert (standing.price, standing.since, standing.until) == (2.4, AT + 5, AT + 7)
    assert [record.state for record in last.retelling.verdicts] == ["replayed"]


def replace_position(bench: Bench) -> Batch:
    """The batch behind the one at hand."""
    return Batch(run=bench.batch.run, journal_id=0, position=9)


def test_a_walk_does_not_tell_the_price_again() -> None:
    """Whoever is withdrawn by it, and settled then, is so at the price before; listed or not, a quote has to come."""
    for listed in (frozenset({A.id, B.id}), frozenset({B.id})):
        bench = Bench()
        bench.frame(5, Quote(A, 2.2))
        assert not bench.frame(6, Complete(WHOLE, listed))
        assert not bench.frame(7, Quote(A, None, status="suspended"), replace(MARKET, status="settled"))
        assert bench.frame(8, Quote(A, 2.3))
        assert {price for _, offset, price in bench.told() if offset < 8} == {2.2}


def test_what_is_let_go_of_is_waited_for_no_longer() -> None:
    """An hour after it was settled the book forgets it, as it did in the run before."""
    bench = Bench()
    bench.frame(5, Quote(A, 2.2))
    bench.frame(6, Quote(A, None, status="settled", result="won"))
    assert not bench.frame(CLOSED_KEPT)
    assert bench.frame(7 + CLOSED_KEPT + SWEEP)


def test_an_old_statement_tells_nothing_again() -> None:
    """What is held says more."""
    bench = Bench(rule="stamped")
    bench.frame(5, Quote(A, 2.2, changed_at=AT + 5))
    assert not bench.frame(6, Quote(A, 2.1, changed_at=AT + 4))
    assert bench.frame(7, Quote(A, 2.1, changed_at=AT + 6))


def test_a_market_is_waited_for_as_well() -> None:
    """Until it is told again, whatever changes in it is told anew."""
    bench = Bench()
    bench.frame(5, replace(MARKET, status="suspended"))
    assert not bench.frame(6, Quote(A, 2.2), Quote(B, 2.2))
    assert not bench.frame(7, replace(MARKET, status="open"))
    assert bench.frame(8, Quote(A, 2.3), Quote(B, 2.3))
    assert [(name, offset) for name, offset, _ in bench.told()] == [(name, offset) for offset in (5, 6, 7, 8) for name in "ab"]


def test_what_follows_a_message_that_could_not_be_read() -> None:
    """Is told anew to the end of the epoch, whoever it is about; then until it is told again."""
    bench = Bench(ONE)
    bench.frame(5, Quote(A, 2.2))
    assert not bench.frame(6, Quote(A, 2.3), Quote(B, 2.3))
    assert not bench.frame(7, epoch=True)
    assert bench.frame(8, Quote(A, 2.4), Quote(B, 2.4))
    assert bench.told() == [("a", 5, 2.2), ("a", 6, 2.3), ("b", 6, 2.3), ("a", 8, 2.4), ("b", 8, 2.4)]


def test_an_epoch_that_goes_on_at_the_end() -> None:
    """Leaves the record open, unless its session has ended."""
    for kind, states in (("data", []), ("closed", ["replayed"])):
        bench = Bench(ONE)
        bench.frame(5, Quote(A, 2.2), epoch=True)
        last = Frame("s", kind, AT + 6, offset=6)  # type: ignore[arg-type] # words of the model
        bench.lane.apply(last, [], 6, bench.batch)
        batch = replace_position(bench)
        bench.lane.close(batch)
        assert batch.retelling is not None
        assert [record.state for record in batch.retelling.verdicts] == states


def test_selections_are_described_as_they_are_now() -> None:
    """As of the last frame: the run before may have described them later than they are told here, and worse."""
    bench = Bench()
    told = replace(A, market="match_result", outcome="home")
    bench.frame(5, Quote(told, 2.2), Quote(B, 2.2))
    bench.frame(6, Quote(A, 2.3))
    bench.frame(7, Quote(B, 2.3))
    last = replace_position(bench)
    bench.lane.close(last)
    assert {key: (row.selection.outcome, row.changed_at) for key, row in last.selections.items()} == {
        A.id: ("a", AT + 7),
        B.id: ("b", AT + 7),
    }


def test_what_is_refused_again_is_not_told() -> None:
    """Nor is anything written of it: neither a record nor the doubt about the price before."""
    bench = Bench()
    assert bench.frame(5, Quote(A, 0.5))
    assert (bench.told(), bench.batch.rejects) == ([], [])
    batch = replace_position(bench)
    bench.lane.close(batch)
    assert batch.retelling is not None
    assert [(record.state, record.category) for record in batch.retelling.verdicts] == [("open", "price")]


def test_an_event_is_waited_for_as_well() -> None:
    """What a fixture does not repeat stays: the later telling has to come by."""
    bench = Bench()
    said = Fixture(source_event_id="e1", sport="tennis", name="A v B")
    assert not bench.frame(5, said)
    assert bench.frame(6, replace(said, name="A - B"))
