"""Say which event a fixture is about: in this rule, the one linked to the provider's exact id."""

from msgspec.structs import replace

from ingestd.model import Fixture, Update
from ingestd.pipeline.catalogue import Catalogue


class Resolve:
    """Pure over the catalogue. Whatever else names an event does so by the provider's own id, and is linked through its fixture."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._catalogue = catalogue

    def __call__(self, update: Update, received_at: int) -> Update:
        """Fill ``event_id`` of fixtures."""
        if isinstance(update, Fixture):
            return replace(update, event_id=self._catalogue.event_id(self._source, update.source_event_id))
        return update
