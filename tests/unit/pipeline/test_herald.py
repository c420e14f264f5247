"""The herald speaks of each gap once, and of each reject."""

from msgspec.structs import replace

from ingestd.batch import Batch, CoverageRow, FlagRow, RejectRow
from ingestd.model import CoverageState, Run
from ingestd.pipeline.herald import Herald

RUN = Run(run_id=1, kind="live", source="", started_at=0)


class Telemetry:
    """Remembers what was said and counted."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, str | float]]] = []
        self.added: list[tuple[str, float, dict[str, str]]] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        self.facts.append((action, labels))

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        self.added.append((name, value, labels))


def batch(state: CoverageState = "complete", ended_at: int | None = None, rejects: int = 0) -> Batch:
    """A batch with one interval and some rejects."""
    row = CoverageRow("s", "market", "m", 5, ended_at, 9, state, "sequence")
    reject = RejectRow(
        quarantine_id=1,
        source="s",
        stage="decode",
        category="price",
        severity="error",
        reason="too low",
        offset=1,
        path="",
        update="",
        error="",
        seen_at=1,
    )
    return Batch(run=RUN, journal_id=1, position=1, coverage={("s", "market", "m", 5): row}, rejects=[reject] * rejects)


def test_a_gap_is_said_once() -> None:
    """When it begins; not with each batch while it lasts, and not when it ends."""
    telemetry = Telemetry()
    herald = Herald(telemetry)
    for said in (batch("gap"), batch("gap"), batch("gap", ended_at=9)):
        herald.tell(said)
    assert telemetry.facts == [("source.gap", {"source": "s", "scope": "market m", "reason": "sequence"})]
    assert telemetry.added == [("source_gaps_total", 1, {"source": "s", "reason": "sequence"})]


def test_a_gap_that_begins_and_ends_in_one_batch_is_said() -> None:
    """However short it was."""
    telemetry = Telemetry()
    Herald(telemetry).tell(batch("gap", ended_at=9))
    assert [action for action, _ in telemetry.facts] == ["source.gap"]


def test_what_is_complete_is_not_said() -> None:
    """Good news is no news."""
    telemetry = Telemetry()
    Herald(telemetry).tell(batch("complete"))
    assert (telemetry.facts, telemetry.added) == ([], [])


def test_each_reject_is_said_and_counted() -> None:
    """With its category, and where to find it: in the journal, and in quarantine."""
    telemetry = Telemetry()
    Herald(telemetry).tell(batch(rejects=2))
    said = {"source": "s", "category": "price", "reason": "too low", "offset": 1, "path": "", "record": "1"}
    assert telemetry.facts == [("frame.quarantined", said)] * 2
    assert telemetry.added == [("quarantined_records_total", 1, {"source": "s", "reason": "price"})] * 2


def test_a_bug_is_no_bad_frame() -> None:
    """It is ours: said as an error, with its stack."""
    telemetry = Telemetry()
    one = batch(rejects=1)
    one.rejects[0] = replace(one.rejects[0], category="bug", reason="KeyError: 'x'", error="Traceback")
    Herald(telemetry).tell(one)
    ((action, labels),) = telemetry.facts
    assert (action, labels["stage"], labels["reason"], labels["stack"]) == ("bug.contained", "decode", "KeyError: 'x'", "Traceback")


def test_a_flag_is_said_when_it_begins() -> None:
    """Not when it ends, nor when it was over at once."""
    telemetry = Telemetry()
    for ended in (None, 9):
        said = batch()
        said.flags["s", "m", 7, "overround", 5] = FlagRow("s", "m", 7, "overround", 5, ended, "1.5 (home 1.2)")
        Herald(telemetry).tell(said)
    labels = {"source": "s", "category": "overround"}
    assert telemetry.facts == [("market.flagged", {**labels, "market": "m", "detail": "1.5 (home 1.2)"})]
    assert telemetry.added == [("market_flags_total", 1, labels)]


def test_what_is_only_kept_is_not_said() -> None:
    """A duplicate in quarantine is no trouble."""
    telemetry = Telemetry()
    said = batch(rejects=1)
    said.rejects = [replace(one, state="kept") for one in said.rejects]
    Herald(telemetry).tell(said)
    assert (telemetry.facts, telemetry.added) == ([], [])
