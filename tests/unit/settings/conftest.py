"""Feeds with the options that settings must cope with."""

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Login(BaseModel):
    """Options of an option."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    token: SecretStr = SecretStr("")


class DemoOptions(BaseModel):
    """A feed's options, with a secret and a part of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rate: float = Field(5, gt=0, description="Quotes per second.")
    day: str = ""
    markets: tuple[str, ...] = ()
    password: SecretStr
    login: Login = Login()


class DemoKind:
    """As much of a feed as settings know."""

    options = DemoOptions


@pytest.fixture
def feeds() -> dict[str, DemoKind]:
    """One feed, ``demo``."""
    return {"demo": DemoKind()}
