"""What every part of the configuration is made of."""

import pytest
from pydantic import ValidationError

from ingestd.settings.part import Part


class Door(Part):
    """One key."""

    colour: str = "red"


def test_part() -> None:
    """Frozen; a key that is not known is refused."""
    with pytest.raises(ValidationError, match="frozen"):
        Door().colour = "blue"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        Door.model_validate({"color": "red"})
