"""What a feed's file declares."""

import pytest
from pydantic import SecretStr, ValidationError

from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedOptions


class Options(FeedOptions):
    """A feed with a secret."""

    key: SecretStr
    level: int = 1


def test_options_refuse_what_they_do_not_know() -> None:
    """A misspelt key is said, not ignored."""
    with pytest.raises(ValidationError, match="levle"):
        Options.model_validate({"key": "k", "levle": 2})


def test_options_cannot_be_changed() -> None:
    """What was checked is what runs."""
    with pytest.raises(ValidationError, match="frozen"):
        Options(key=SecretStr("k")).level = 2  # type: ignore[misc]


def test_an_error_does_not_quote_what_was_given() -> None:
    """It may be a password, or stand beside one."""
    with pytest.raises(ValidationError) as caught:
        Options.model_validate({"key": ["hunter2-secret"]})
    assert "hunter2-secret" not in str(caught.value)


@pytest.mark.parametrize("name", FEEDS)
def test_every_feed_declares_options_of_its_own(name: str) -> None:
    """So that the schema and ``check`` know them."""
    assert issubclass(FEEDS[name].options, FeedOptions)
    assert FEEDS[name].unit in ("line", "document")
