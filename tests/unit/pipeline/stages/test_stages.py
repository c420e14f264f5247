"""The stages and their order."""

from ingestd.model import WHOLE, Fixture, Quote, Reject, hash64, selection
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.stages import stages

CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")


def test_normalise_comes_before_validate() -> None:
    """A stamp from a far future counts as none; judged first it would be out of range."""
    update: object = Quote(CHOSEN, 1.5, changed_at=1 << 62)
    for stage in stages("s", Catalogue()):
        update = stage(update, 1_700_000_000_000_000)  # type: ignore[arg-type]
        assert not isinstance(update, Reject)
    assert update == Quote(CHOSEN, 1.5)


def test_resolve_comes_along() -> None:
    """Fixtures leave the stages with the id of their event."""
    update: object = Fixture(source_event_id="e", sport="x", name="n")
    for stage in stages("s", Catalogue()):
        update = stage(update, 1_700_000_000_000_000)  # type: ignore[arg-type]
    assert isinstance(update, Fixture)
    assert update.event_id == hash64("event", "s", "e")
