"""The stages and their order."""

from ingestd.model import WHOLE, Quote, Reject, selection
from ingestd.pipeline.stages import stages

CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")


def test_normalise_comes_before_validate() -> None:
    """A stamp from a far future counts as none; judged first it would be out of range."""
    update: object = Quote(CHOSEN, 1.5, changed_at=1 << 62)
    for stage in stages():
        update = stage(update, 1_700_000_000_000_000)  # type: ignore[arg-type]
        assert not isinstance(update, Reject)
    assert update == Quote(CHOSEN, 1.5)
