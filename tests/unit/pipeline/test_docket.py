"""Records on trial: which frames are to be heard for them, and what becomes of each."""

from msgspec.structs import replace

from ingestd.batch import Batch, MarketRow, Refusal, RejectRow, store_offset
from ingestd.model import Frame, Run
from ingestd.pipeline.docket import NEAR, Docket
from ingestd.pipeline.rejects import record_id
from ingestd.retelling import Record

AT = 1_700_000_000_000_000
ONE = Record(
    quarantine_id=record_id("s", b"x", "p[0]"),
    source="s",
    stage="decode",
    category="shape",
    severity="error",
    reason="old",
    journal_offset=store_offset(1, 5),
    path="p[0]",
    count=1,
    first_at=AT,
    last_at=AT,
    attempts=0,
    state="open",
)


def frame(position: int, payload: bytes = b"x") -> Frame:
    """At a position."""
    return Frame("s", "data", AT, payload, offset=position)


def reject(key: int) -> RejectRow:
    """Refused again, or something else is."""
    said = {"stage": "validate", "category": "price", "severity": "warning", "reason": "new", "path": "", "update": "", "error": "why"}
    return RejectRow(quarantine_id=key, source="s", offset=1, seen_at=AT, **said)  # type: ignore[arg-type] # words of the model


def heard(refused: dict[int, RejectRow], known: frozenset[int] = frozenset()) -> Record:
    """The verdict over one record whose frame brought that."""
    docket = Docket([(ONE, 2)], known | {ONE.quarantine_id})
    docket.hear(docket.called("s", frame(5)), frame(5), refused, {"changed": 1}, {7})
    (verdict,) = docket.decided()
    assert docket.decided() == []
    return verdict


def test_taken_unless_it_or_something_unheard_of_is_refused() -> None:
    """What was refused before elsewhere in the frame is no concern of it."""
    again = replace(ONE, stage="validate", category="price", severity="warning", reason="new", error="why")
    assert heard({}) == replace(ONE, state="replayed")
    assert heard({ONE.quarantine_id: reject(ONE.quarantine_id)}) == again
    assert heard({99: reject(99)}) == again
    assert heard({99: reject(99)}, frozenset({99})).state == "replayed"


def test_one_that_came_often_is_heard_each_time() -> None:
    """By its content; it is decided only once its last frame was heard."""
    often = replace(ONE, count=3)
    docket = Docket([(often, 1)], frozenset())
    assert [len(docket.called("s", frame(3, payload))) for payload in (b"x", b"y")] == [1, 0]
    docket.hear(docket.called("s", frame(3)), frame(3), {}, {"changed": 1}, set())
    assert docket.decided() == []
    assert len(docket.called("s", frame(5))) == 1
    docket.hear(docket.called("s", frame(5)), frame(5), {}, {"changed": 1}, set())
    assert [record.state for record in docket.decided()] == ["replayed"]


def test_what_is_to_be_read_next() -> None:
    """In the order of the beginnings; what lies far ahead is for later, what could not be heard is passed over."""
    far = replace(ONE, quarantine_id=2, journal_offset=store_offset(1, 2 * NEAR + 5))
    docket = Docket([(far, 2 * NEAR), (ONE, 2)], frozenset())
    assert (docket.next(), docket.over(2)) == (2, False)
    docket.hear(docket.called("s", frame(5)), frame(5), {}, {}, set())
    assert (docket.next(), docket.over(6), docket.over(NEAR)) == (2 * NEAR, True, False)
    assert docket.next(3 * NEAR) is None


def test_an_epoch_that_goes_on_is_waited_for() -> None:
    """By what the decoder refused in it and is taken now; not by a rule's."""
    rule = replace(ONE, quarantine_id=2, stage="validate", journal_offset=store_offset(1, 6))
    docket = Docket([(ONE, 2), (rule, 2)], frozenset())
    for position in (5, 6):
        docket.hear(docket.called("s", frame(position)), frame(position), {}, {"changed": 1}, set())
    assert [record.quarantine_id for record in docket.decided(under_way=4)] == [2]
    assert [trial.waits for trial in docket.trials] == [True, False]


def test_rows_that_the_store_would_not_have() -> None:
    """Taken once they are told again and the store takes them; of what nothing tells there is no verdict."""
    rows = [
        replace(ONE, quarantine_id=key, stage="load", path=path)
        for key, path in ((1, "markets('s', 'm1')"), (2, "markets('s', 'm2')"), (3, "odds(7,)"), (4, "events(9,)"))
    ]
    docket = Docket([(row, 2) for row in rows], frozenset())
    assert docket.refused_selections(2) == {7}
    batch = Batch(run=Run(run_id=1, kind="retry", source="s", started_at=AT), journal_id=1, position=5)
    for market in ("m1", "m2"):
        batch.markets["s", market] = MarketRow("s", market, "e1", "winner", "", "open", AT, 0)
    docket.told(batch)
    docket.sent_back([Refusal("markets", ("s", "m2"), "data: no"), Refusal("odds", (7,), "data: no")])
    docket.hear(docket.called("s", frame(5)), frame(5), {}, {}, set())
    assert {record.quarantine_id: record.state for record in docket.decided()} == {1: "replayed", 2: "open", 3: "open"}


def test_a_price_of_its_frame_that_the_store_will_not_have() -> None:
    """The decoder takes it, the database does not: it is refused again."""
    docket = Docket([(ONE, 2)], frozenset())
    docket.hear(docket.called("s", frame(5)), frame(5), {}, {"changed": 1}, {7})
    docket.sent_back([Refusal("odds", (7,), "data: no")])
    (verdict,) = docket.decided()
    assert (verdict.state, verdict.stage, verdict.reason) == ("open", "load", "data")
