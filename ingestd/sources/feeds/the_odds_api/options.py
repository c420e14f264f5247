"""What a source of The Odds API may be told, and what its requests cost."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from ingestd.settings.units import Seconds, hinted
from ingestd.sources.cadence import Cadence
from ingestd.sources.kind import FeedOptions

FEATURED: Final = ("h2h", "spreads", "totals", "outrights", "h2h_lay", "outrights_lay")
"""Markets that a whole sport can be asked for; all others only event by event."""
UPCOMING: Final = "upcoming"
BOOKMAKERS_PER_REGION: Final = 10
"""So many bookmakers cost as much as one region."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]


class TheOddsApiOptions(FeedOptions):
    """One key, and the sports to record."""

    api_key: SecretStr = Field(description="Key of the account.")
    sports: tuple[Word, ...] = Field((), description="Sports by the provider's key, such as soccer_epl; or only upcoming.")
    regions: tuple[Word, ...] = Field((), description="Whose bookmakers: us, us2, uk, au, eu, fr, se, us_dfs, us_ex.")
    bookmakers: tuple[Word, ...] = Field((), description="Bookmakers by key, instead of regions; each ten cost as much as one region.")
    markets: tuple[Word, ...] = Field(("h2h",), description="Featured markets to ask whole sports for.")
    event_markets: tuple[Word, ...] = Field((), description="Other markets, asked for event by event once its kick-off is near.")
    odds_format: Literal["decimal", "american"] = Field("decimal", description="How the provider writes prices; stored as decimal odds.")
    scores: bool = Field(False, description="Poll scores while games are under way: 1 credit each, 2 with days_from.")
    days_from: Annotated[int, Field(ge=1, le=3)] | None = Field(None, description="With scores: also games that ended so many days ago.")
    credits: Annotated[float, Field(ge=1)] | None = Field(500.0, description="Credits per month of the plan; null: do not count them.")
    renews_on: Annotated[int, Field(ge=1, le=31)] = Field(1, description="Day of the month on which the credits renew, UTC.")
    cadence: Cadence = Field(Cadence(), description="How often to poll, by the time to kick-off.")
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] = Field(
        "https://api.the-odds-api.com", description="Where the provider is."
    )
    request_timeout: Annotated[Seconds, Field(gt=0)] = Field(20.0, description="How long one request may take.")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not self.api_key.get_secret_value():
            raise hinted("is empty", "copy the key from the mail that came with the account", "api_key")
        if not self.sports:
            raise hinted("no sport chosen", "name some, such as [soccer_epl, basketball_nba]", "sports")
        if UPCOMING in self.sports and len(self.sports) > 1:
            raise hinted("upcoming holds events of the other sports as well", "leave it out, or have it alone", "sports")
        if not self.regions and not self.bookmakers:
            raise hinted("no bookmakers chosen", "give regions, such as [eu], or bookmakers", "regions")
        self._fits()
        return self

    def _fits(self) -> None:
        if not self.markets:
            raise hinted("no market chosen", "name some, such as [h2h, spreads, totals]", "markets")
        if other := [market for market in self.markets if market not in FEATURED]:
            raise hinted(f"{other[0]} cannot be asked for a whole sport", "put it under event_markets", "markets")
        if both := sorted(set(self.markets) & set(self.event_markets)):
            raise hinted(f"{both[0]} stands under markets already", "leave it out here: it would be paid for twice", "event_markets")
        if self.days_from is not None and not self.scores:
            raise hinted("is for scores only", "set scores: true, or leave it out", "days_from")

    def price(self, markets: int) -> float:
        """Credits for one request of so many markets: regions times markets."""
        return markets * (-(-len(set(self.bookmakers)) // BOOKMAKERS_PER_REGION) or len(set(self.regions)))
