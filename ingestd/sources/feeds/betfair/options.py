"""What a Betfair source may be told."""

from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, FilePath, SecretStr, model_validator

from ingestd.settings.units import hinted
from ingestd.sources.kind import FeedOptions

MARKETS_PER_CONNECTION: Final = 200
"""Markets one subscription may hold by default (stream API specification, "Limits")."""

Stream = Literal[
    "EX_BEST_OFFERS_DISP",
    "EX_BEST_OFFERS",
    "EX_ALL_OFFERS",
    "EX_TRADED",
    "EX_TRADED_VOL",
    "EX_LTP",
    "EX_MARKET_DEF",
    "SP_TRADED",
    "SP_PROJECTED",
]


class BetfairOptions(FeedOptions):
    """One Betfair account and the markets to record."""

    # an error over the whole would otherwise quote the whole, password included
    model_config = ConfigDict(hide_input_in_errors=True)

    app_key: SecretStr = Field(description="Application key of the account.")
    username: str = Field("", description="Account name, for the certificate login.")
    password: SecretStr = Field(SecretStr(""), description="Password, for the certificate login.")
    cert_file: FilePath | None = Field(None, description="Client certificate (PEM) registered with the account.")
    key_file: FilePath | None = Field(None, description="Private key (PEM) of the certificate, if it is not in the same file.")
    session_token: SecretStr | None = Field(None, description="A session token got elsewhere, instead of a login.")

    market_ids: tuple[str, ...] = Field((), description="Markets to record; more than 200 are spread over several connections.")
    event_type_ids: tuple[str, ...] = Field((), description="Sports, by Betfair's number (1 football, 2 tennis, 7 horse racing).")
    event_ids: tuple[str, ...] = Field((), description="Events, by Betfair's number.")
    market_types: tuple[str, ...] = Field((), description="Market types, such as MATCH_ODDS.")
    country_codes: tuple[str, ...] = Field((), description="Countries of the events, ISO two-letter codes.")
    venues: tuple[str, ...] = Field((), description="Racecourses.")
    race_types: tuple[str, ...] = Field((), description="Race types, such as Chase.")
    betting_types: tuple[str, ...] = Field((), description="Betting types, such as ODDS or ASIAN_HANDICAP_DOUBLE_LINE.")
    turn_in_play: bool | None = Field(None, description="Only markets that will (or will not) be turned in play.")
    bsp_market: bool | None = Field(None, description="Only markets with (or without) a starting price.")

    fields: tuple[Stream, ...] = Field(("EX_BEST_OFFERS", "EX_LTP", "EX_MARKET_DEF"), description="What to be sent of each market.")
    ladder_levels: Annotated[int, Field(ge=1, le=10)] = Field(3, description="Levels of the best-offer ladders.")
    heartbeat_ms: Annotated[int, Field(ge=500, le=5000)] = Field(5000, description="Pause after which the server says that it is alive.")
    conflate_ms: Annotated[int, Field(ge=0, le=120_000)] = Field(0, description="Let the server merge changes over this time; 0: never.")
    markets_per_connection: Annotated[int, Field(ge=1)] = Field(MARKETS_PER_CONNECTION, description="Markets in one subscription.")

    host: str = Field("stream-api.betfair.com", description="Host of the stream.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(443, description="Port of the stream.")
    tls_ca_file: FilePath | None = Field(None, description="Certificate authorities to trust instead of the system's.")
    connect_timeout: Annotated[float, Field(gt=0)] = Field(15.0, description="Seconds that connecting, up to the subscription, may take.")
    login_url: str = Field("https://identitysso-cert.betfair.com/api/certlogin", description="Certificate login.")
    keep_alive_url: str = Field("https://identitysso.betfair.com/api/keepAlive", description="Prolongs a session.")
    keep_alive_seconds: Annotated[float, Field(gt=0)] = Field(
        600.0, description="Pause between two of them; below the shortest session (20 minutes in Italy and Spain)."
    )
    names: bool = Field(True, description="Fetch event, market and runner names from the catalogue.")
    catalogue_url: str = Field(
        "https://api.betfair.com/exchange/betting/rest/v1.0/listMarketCatalogue/", description="The catalogue of markets."
    )
    catalogue_weight: Annotated[int, Field(ge=1, le=1000)] = Field(200, description="Markets in one catalogue request.")
    request_timeout: Annotated[float, Field(gt=0)] = Field(20.0, description="Seconds that one request may take.")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not self.app_key.get_secret_value():
            raise hinted("is empty", "copy the application key from the Betfair developer portal", "app_key")
        if self.session_token is None and not (self.username and self.password.get_secret_value() and self.cert_file):
            raise hinted("no way to log in", "give username, password and cert_file, or a session_token")
        if not self.market_filter():
            raise hinted("no markets chosen", "give market_ids, or a filter such as event_type_ids with market_types")
        return self

    def market_filter(self) -> dict[str, list[str] | bool]:
        """The filter as Betfair spells it; empty: none chosen."""
        lists = {
            "marketIds": self.market_ids,
            "eventTypeIds": self.event_type_ids,
            "eventIds": self.event_ids,
            "marketTypes": self.market_types,
            "countryCodes": self.country_codes,
            "venues": self.venues,
            "raceTypes": self.race_types,
            "bettingTypes": self.betting_types,
        }
        found: dict[str, list[str] | bool] = {name: list(values) for name, values in lists.items() if values}
        if self.turn_in_play is not None:
            found["turnInPlayEnabled"] = self.turn_in_play
        if self.bsp_market is not None:
            found["bspMarket"] = self.bsp_market
        return found

    def shards(self) -> list[dict[str, list[str] | bool]]:
        """The filter of each connection: one, unless more markets are named than one may hold."""
        whole = self.market_filter()
        step = self.markets_per_connection
        ids = list(dict.fromkeys(self.market_ids))
        if len(ids) <= step:
            return [whole]
        return [{**whole, "marketIds": ids[start : start + step]} for start in range(0, len(ids), step)]
