"""Say which event an update is about: in this rule, the one linked to the provider's exact id."""

from msgspec.structs import replace

from ingestd.model import Fixture, MarketStatus, Quote, Result, Update
from ingestd.pipeline.catalogue import Catalogue


class Resolve:
    """Pure over the catalogue. A quote is resolved once, when the book first meets its selection."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._catalogue = catalogue

    def __call__(self, update: Update, received_at: int) -> Update:
        """Fill ``event_id`` of fixtures, market states and results."""
        if isinstance(update, Quote):
            return update
        if isinstance(update, Fixture | MarketStatus | Result):
            return replace(update, event_id=self._catalogue.event_id(self._source, update.source_event_id))
        return update
