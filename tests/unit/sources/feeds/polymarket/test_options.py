"""What may be asked for, and what is said of what may not."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.feeds.polymarket.told import EventTold


def test_filters() -> None:
    """Lists of tags and series hold open events only; one that is named may be closed."""
    options = PolymarketOptions(tag_ids=("1", "2"), series_ids=("3",), event_ids=("4",), event_slugs=("a-b",))
    assert options.filters() == [
        (("tag_id", "1"), ("closed", "false")),
        (("tag_id", "2"), ("closed", "false")),
        (("series_id", "3"), ("closed", "false")),
        (("id", "4"),),
        (("slug", "a-b"),),
    ]


def test_sports_only() -> None:
    """Unless it is named, or everything is wanted."""
    other, match = EventTold(id="1"), EventTold(id="2", sporty=True)
    assert [PolymarketOptions(tag_ids=("1",)).wants(event) for event in (other, match)] == [False, True]
    assert PolymarketOptions(event_ids=("1",)).wants(other)
    assert PolymarketOptions(tag_ids=("1",), sports_only=False).wants(other)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"sports_only": False}, "everything"),
        ({"url": "http://x"}, "address"),
        ({"gamma_url": "ws://x"}, "address"),
        ({"assets_per_connection": 501}, "500"),
        ({"refresh": 0}, "greater than 0"),
        ({"tag_ids": ("",)}, "at least 1"),
        ({"key": "x"}, "Extra"),
    ],
)
def test_what_is_refused(given: dict[str, object], word: str) -> None:
    """With a word that helps."""
    with pytest.raises(ValidationError, match=word):
        PolymarketOptions.model_validate(given)
