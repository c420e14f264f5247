"""What a source of the simulated exchange may be told."""

from typing import Annotated, Literal

from pydantic import Field

from ingestd.sources.kind import FeedOptions

Chance = Annotated[float, Field(ge=0, le=1)]


class SimulatedOptions(FeedOptions):
    """Where the exchange is, or what the one that ``ingestd run`` starts should be like."""

    url: str = Field(
        "", pattern=r"^(wss?://.+)?$", description="Where the exchange listens, ws://host:port; empty: run starts one of its own."
    )
    seed: int = Field(1, description="Same seed and options, same statements.")
    events: Annotated[int, Field(ge=1, le=10_000)] = Field(8, description="Events on offer at a time; a finished one is replaced.")
    markets: Annotated[int, Field(ge=1, le=12)] = Field(4, description="Markets per event.")
    life: Annotated[int, Field(ge=20)] = Field(2000, description="Statements about an event between its announcement and its end.")
    rate: Annotated[float, Field(ge=0)] = Field(200.0, description="Quotes per second; 0: as fast as they are read.")
    clock: Literal["wall", "virtual"] = Field("wall", description="wall: the time of day; virtual: a time of its own, a day ago.")
    disorder: dict[Literal["duplicate", "malformed", "absurd", "future", "hole", "swap"], Chance] = Field(
        {}, description="Probability per statement of each kind of damage."
    )
    connect_timeout: Annotated[float, Field(gt=0)] = Field(10.0, description="Seconds for connecting, and for the welcome.")
