"""The feed as the daemon sees it."""

import pytest

from ingestd.model import Frame
from ingestd.sources.feeds.polymarket.feed import FEED, build, record_time
from ingestd.sources.kind import FeedOptions
from ingestd.testing.context import feed_context
from tests.unit.sources.feeds.polymarket.conftest import MakeFeed


async def test_what_it_declares(make_feed: MakeFeed) -> None:
    """Silence is longer than any request may take, and than three words of ours."""
    assert make_feed(ping_every=10, request_timeout=5).silence_limit > 30
    assert make_feed(ping_every=1, request_timeout=20).silence_limit > 20
    feed = make_feed()
    assert (feed.time_rule, feed.renewable) == ("ordered", True)
    assert list(feed.decoder()(Frame("pm", "opened", 0, epoch=True))) == []
    with pytest.raises(TypeError):
        build(FeedOptions(), feed_context("pm"))


def test_times_of_records() -> None:
    """The provider's own, of a message or of the first of several that has one."""
    assert FEED.record_time is record_time
    found = [record_time(text) for text in (b'{"timestamp":"17"}', b'[{},{"timestamp":18}]', b"[]", b"{}", b"PONG", b"[" * 100_000)]
    assert found == [17_000, 18_000, None, None, None, None]
