"""A mapped source as a feed."""

from pathlib import Path

import pytest

from ingestd.errors import ConfigError
from ingestd.model import Frame, Quote
from ingestd.sources.feeds.mapped import FEED
from ingestd.sources.feeds.mapped.options import MappedOptions
from ingestd.sources.kind import FeedOptions
from ingestd.testing.context import feed_context
from tests.unit.sources.feeds.mapped.conftest import Tree, small

QUERIES = {"a": {"url": "http://127.0.0.1:1/a"}, "b": {"url": "http://127.0.0.1:1/b", "interval": 500}}


def options(**over: object) -> MappedOptions:
    """A source with some transport."""
    return MappedOptions.model_validate({"mapping": small(), **over})


@pytest.mark.parametrize(
    ("transport", "silence", "renewable"),
    [
        ({"polling": {"queries": QUERIES, "timeout": 10}}, 2 * 500 + 10 + 90, False),
        ({"polling": {"queries": QUERIES, "timeout": 10, "cadence": {}}}, 2 * 3600 + 10 + 90, False),
        ({"websocket": {"url": "ws://127.0.0.1:1", "silence": 7}}, 7, False),
        ({"websocket": {"url": "ws://127.0.0.1:1", "renew": {"again": 1}}}, 60, True),
        ({"sse": {"url": "http://127.0.0.1:1", "silence": 8}}, 8, False),
        ({"webhook": {"port": 0}}, 3600, False),
        ({"files": {"paths": ["x"], "poll": 20}}, 60, False),
    ],
)
def test_transports(transport: Tree, silence: float, renewable: bool) -> None:
    """Each with the patience that it needs."""
    feed = FEED.build(options(**transport), feed_context("src"))
    assert (feed.silence_limit, feed.renewable, feed.time_rule) == (silence, renewable, "ordered")


def test_recordings_are_read_by_the_mapping() -> None:
    """Unit, time and decoder are the source's own; what is proven are its samples."""
    mapping = small(format="jsonl", recorded_at={"get": "doc.at", "format": "s"})
    found = options(mapping=mapping, files={"paths": ["x"]}, samples=["a.jsonl"])
    kind = FEED.configured(found)
    assert (kind.unit, kind.samples, kind.record_time(b'{"at": 5}')) == ("line", (Path("a.jsonl"),), 5_000_000)
    payload = b'{"events": [{"id": 1, "name": "E", "markets": [{"id": "m", "prices": [{"name": "a", "odds": 2}]}]}]}'
    for decoder in (kind.decoder("src"), FEED.build(found, feed_context("src")).decoder()):
        assert [one.price for one in decoder(Frame("src", "data", 1, payload)) if isinstance(one, Quote)] == [2.0]
    assert FEED.configured(options(files={"paths": ["x"]})).unit == "document"


def test_without_a_mapping_nothing_can_be_read() -> None:
    """And that is told with what to do."""
    with pytest.raises(ConfigError, match="name one by --source"):
        FEED.decoder("src")
    assert FEED.record_time(b"{}") is None
    with pytest.raises(TypeError):
        FEED.build(FeedOptions(), feed_context("src"))
