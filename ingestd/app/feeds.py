"""A configured source's feed, built as the daemon has it."""

from collections.abc import Callable
from functools import partial
from random import Random

from pydantic import BaseModel

from ingestd.interfaces import Clock, Feed
from ingestd.pipeline.resilience import Breaker
from ingestd.settings import Settings, SourceSettings
from ingestd.sources import FEEDS
from ingestd.sources.accounts import Accounts
from ingestd.sources.kind import FeedContext


def build_feed(
    settings: Settings, source: SourceSettings, options: BaseModel, clock: Clock, breaker: Callable[[str], Breaker], budgets: Accounts
) -> Feed:
    """The feed, not yet connected to anything."""
    kind = FEEDS[source.feed]
    folder = settings.journal.path / "sources" / source.name
    context = FeedContext(source.name, clock, Random(), breaker, partial(budgets.budget, source.name), folder)  # noqa: S311 - jitter, no secret
    return kind.build(kind.options.model_validate(options), context)
