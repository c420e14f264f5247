"""Which event an update is about."""

from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.model import WHOLE, Complete, Fixture, Gap, MarketStatus, Quote, Result, hash64, selection
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.stages.resolve import Resolve

CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
FIXTURE = Fixture(source_event_id="e", sport="x", name="n")


def test_an_event_is_its_provider_s_id() -> None:
    """Where nobody linked it to another."""
    resolve = Resolve("s", Catalogue())
    assert resolve(FIXTURE, 0) == replace(FIXTURE, event_id=hash64("event", "s", "e"))


def test_a_linked_event_is_what_it_is_linked_to() -> None:
    """By the source's own id alone: the same id at another source is another event."""
    catalogue = Catalogue()
    catalogue.learn([LinkRow(source="s", source_event_id="e", event_id=42)], [])
    assert Resolve("s", catalogue)(FIXTURE, 0) == replace(FIXTURE, event_id=42)
    assert Resolve("t", catalogue)(FIXTURE, 0) == replace(FIXTURE, event_id=hash64("event", "t", "e"))


def test_the_rest_passes() -> None:
    """They name an event by the provider's own id, or none."""
    resolve = Resolve("s", Catalogue())
    status = MarketStatus(source_event_id="e", source_market_id="m", market="w", status="open")
    for update in (Quote(CHOSEN, 1.5), status, Result(source_event_id="e"), Complete(WHOLE, frozenset()), Gap(WHOLE, "why")):
        assert resolve(update, 0) is update
