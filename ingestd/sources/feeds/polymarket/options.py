"""What a Polymarket source may be told."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ingestd.settings.units import hinted
from ingestd.sources.feeds.polymarket.told import EventTold
from ingestd.sources.kind import FeedOptions

Ids = tuple[Annotated[str, Field(min_length=1)], ...]
Filter = tuple[tuple[str, str], ...]
"""Parameters of a query to Gamma."""


class PolymarketOptions(FeedOptions):
    """Which events to record, and where Polymarket is. No key is needed."""

    tag_ids: Ids = Field((), description="Tags whose open events are recorded, by Gamma's number (745 is the NBA).")
    series_ids: Ids = Field((), description="Series (leagues) whose open events are recorded, by Gamma's number.")
    event_ids: Ids = Field((), description="Events by Gamma's number.")
    event_slugs: Ids = Field((), description="Events by the last part of their page's address.")
    sports_only: bool = Field(True, description="Of what tags and series bring: only events of sports.")

    url: str = Field("wss://ws-subscriptions-clob.polymarket.com", description="Where the WebSocket is.")
    gamma_url: str = Field("https://gamma-api.polymarket.com", description="Where Gamma is.")
    clob_url: str = Field("https://clob.polymarket.com", description="Where single books are asked for.")
    assets_per_connection: Annotated[int, Field(ge=2, le=500)] = Field(500, description="Assets one connection subscribes to, at most.")
    refresh: Annotated[float, Field(gt=0)] = Field(60.0, description="Seconds from one walk through Gamma to the next.")
    page_size: Annotated[int, Field(ge=1, le=500)] = Field(100, description="Events asked for in one request to Gamma.")
    ping_every: Annotated[float, Field(gt=0)] = Field(10.0, description="Seconds between two words of ours; three without an answer: gone.")
    image_within: Annotated[float, Field(gt=0)] = Field(15.0, description="Seconds in which a subscribed asset's book must have come.")
    connect_timeout: Annotated[float, Field(gt=0)] = Field(10.0, description="Seconds that opening a connection may take.")
    request_timeout: Annotated[float, Field(gt=0)] = Field(20.0, description="Seconds that one request may take.")

    @model_validator(mode="after")
    def _chosen(self) -> Self:
        if not self.filters() and not self.sports_only:
            raise hinted("everything that Polymarket lists would be recorded", "give tag_ids, series_ids, event_ids or event_slugs")
        for key in ("url", "gamma_url", "clob_url"):
            wanted = ("ws://", "wss://") if key == "url" else ("http://", "https://")
            if not str(getattr(self, key)).startswith(wanted):
                raise hinted("is no address of the kind", f"it must begin with {' or '.join(wanted)}", key)
        return self

    def filters(self) -> list[Filter]:
        """The queries of a walk through Gamma."""
        lists = [("tag_id", self.tag_ids), ("series_id", self.series_ids)]
        walks: list[Filter] = [((name, one), ("closed", "false")) for name, ids in lists for one in ids]
        named = [*(("id", one) for one in self.event_ids), *(("slug", one) for one in self.event_slugs)]
        return [*walks, *((one,) for one in named)]

    def wants(self, event: EventTold) -> bool:
        """Whether an event that Gamma lists is to be recorded; one that is named is, whatever it is."""
        return event.sporty or not self.sports_only or event.id in self.event_ids
