"""Which event an update is about."""

from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.model import WHOLE, Complete, Fixture, Gap, MarketStatus, Quote, Result, hash64, selection
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.stages.resolve import Resolve

CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
SAID = (
    Fixture(source_event_id="e", sport="x", name="n"),
    MarketStatus(source_event_id="e", source_market_id="m", market="w", status="open"),
    Result(source_event_id="e"),
)


def test_an_event_is_its_provider_s_id() -> None:
    """Where nobody linked it to another."""
    resolve = Resolve("s", Catalogue())
    for update in SAID:
        assert resolve(update, 0) == replace(update, event_id=hash64("event", "s", "e"))


def test_a_linked_event_is_what_it_is_linked_to() -> None:
    """By the source's own id alone: the same id at another source is another event."""
    catalogue = Catalogue()
    catalogue.learn([LinkRow(source="s", source_event_id="e", event_id=42)], [])
    for update in SAID:
        assert resolve_id(catalogue, "s", update) == 42
        assert resolve_id(catalogue, "t", update) == hash64("event", "t", "e")


def resolve_id(catalogue: Catalogue, source: str, update: Fixture | MarketStatus | Result) -> int:
    """The event id that resolve fills in."""
    resolved = Resolve(source, catalogue)(update, 0)
    assert isinstance(resolved, Fixture | MarketStatus | Result)
    return resolved.event_id


def test_the_rest_passes() -> None:
    """Quotes are resolved once, by the book; scopes have no event."""
    resolve = Resolve("s", Catalogue())
    for update in (Quote(CHOSEN, 1.5), Complete(WHOLE, frozenset()), Gap(WHOLE, "why")):
        assert resolve(update, 0) is update
