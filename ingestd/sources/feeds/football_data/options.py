"""What a football-data.co.uk source may be told."""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from ingestd.settings.units import Seconds, hinted
from ingestd.sources.kind import FeedOptions

SITE: Final = "https://www.football-data.co.uk"
DIVISIONS: Final = tuple("E0 E1 E2 E3 EC SC0 SC1 SC2 SC3 D1 D2 I1 I2 SP1 SP2 F1 F2 N1 B1 P1 T1 G1".split())  # noqa: SIM905
"""Every division the site has a file of, by its own code."""


def _season(value: str) -> str:
    """Both years by their last two digits, one after the other."""
    if not re.fullmatch(r"\d{4}", value, re.ASCII) or (int(value[:2]) + 1) % 100 != int(value[2:]):
        raise hinted(f"{value!r} is no season", "write both years, such as 2425 for 2024/25")
    return value


def _code(value: str) -> str:
    """A code as it stands in an address."""
    if not re.fullmatch(r"[A-Za-z0-9]{1,12}", value, re.ASCII):
        raise hinted(f"{value!r} is no code", "write the code that the site has in its addresses, such as E0 or USA")
    return value


Code = Annotated[str, AfterValidator(_code)]


class FootballDataOptions(FeedOptions):
    """The files to read, and how often."""

    divisions: tuple[Code, ...] = Field(DIVISIONS, description="Divisions, by the site's code; all by default.")
    seasons: tuple[Annotated[str, AfterValidator(_season)], ...] = Field(
        (), description="Seasons such as 2425; by default the current one."
    )
    leagues: tuple[Code, ...] = Field((), description='Countries with one file of all seasons ("new leagues"), such as USA or NOR.')
    fixtures: bool = Field(True, description="Read the coming matches and their opening prices.")
    interval: Annotated[Seconds, Field(gt=0)] = Field(6 * 3_600.0, description="Pause from one look at a file to the next.")
    per_minute: Annotated[int, Field(ge=1)] = Field(20, description="Requests per minute, at most.")
    timeout: Annotated[Seconds, Field(gt=0)] = Field(60.0, description="Time that one file may take.")
    url: str = Field(SITE, description="Where the site is.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.divisions or self.leagues or self.fixtures):
            raise hinted("nothing to read", "name divisions or leagues, or leave fixtures on")
        if not self.url.startswith(("https://", "http://")):
            raise hinted(f"{self.url!r} is no address", f"write it as in {SITE}", "url")
        return self
