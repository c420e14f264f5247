"""What a Kalshi source may be told."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from ingestd.settings.units import Seconds, hinted
from ingestd.sources.kind import FeedOptions

Channel = Literal["orderbook_delta", "trade", "market_lifecycle_v2"]
BOOKS: Final = "orderbook_delta"
TRADES: Final = "trade"
LIFECYCLE: Final = "market_lifecycle_v2"


class KalshiOptions(FeedOptions):
    """One API key and the markets to record."""

    key_id: SecretStr = Field(description="Id of the API key.")
    private_key: SecretStr = Field(description="Private key that belongs to it: RSA, in PEM.")
    series_tickers: tuple[str, ...] = Field((), description="Series, such as KXEPLGAME: every open event of each.")
    event_tickers: tuple[str, ...] = Field((), description="Events: every market of each.")
    tickers: tuple[str, ...] = Field((), description="Single markets.")
    channels: tuple[Channel, ...] = Field((BOOKS, TRADES, LIFECYCLE), description="What to listen to; the order books always.")
    refresh_seconds: Annotated[Seconds, Field(gt=0)] = Field(60.0, description="Pause between two looks at events, names and results.")
    heartbeat_seconds: Annotated[Seconds, Field(gt=0)] = Field(
        10.0, description="Pause between two signs of life asked of the stream; three of them without an answer end the session."
    )
    connect_timeout: Annotated[Seconds, Field(gt=0)] = Field(
        15.0, description="Longest wait for the handshake, and for the answer to a command."
    )
    request_timeout: Annotated[Seconds, Field(gt=0)] = Field(20.0, description="Longest wait for one answer of the web service.")
    url: str = Field("wss://external-api-ws.kalshi.com/trade-api/ws/v2", description="The stream; its path is a part of what is signed.")
    rest_url: str = Field("https://api.elections.kalshi.com/trade-api/v2", description="The web service.")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not self.key_id.get_secret_value():
            raise hinted("is empty", "create an API key in the account's settings at Kalshi and copy its id", "key_id")
        if not self.private_key.get_secret_value():
            raise hinted("is empty", "give the PEM file that Kalshi showed once, as private_key_file", "private_key")
        if not (self.series_tickers or self.event_tickers or self.tickers):
            raise hinted("no markets chosen", "give series_tickers (such as KXEPLGAME), event_tickers or tickers")
        if BOOKS not in self.channels:
            raise hinted("without orderbook_delta there are no prices", "add orderbook_delta", "channels")
        return self
