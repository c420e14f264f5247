"""What every part of the configuration is made of."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Secret:
    """Marks a text that may hold a secret: it is never shown, and ``<key>_file`` may name a file that holds it."""
