"""What is asked before fixtures are linked."""

from ingestd.batch import LinkRow
from ingestd.relations import Known, Wanted


def test_nothing_is_asked_for_by_default() -> None:
    """But what changed since."""
    asked = Wanted(7)
    assert (asked.revision, asked.keys, asked.spans, asked.held) == (7, frozenset(), (), (0, 0))


def test_no_news_of_aliases_is_not_that_there_are_none() -> None:
    """None leaves what is known; answers do not share their lists."""
    one, other = Known(1), Known(1)
    one.links.append(LinkRow(source="s", source_event_id="e", event_id=1))
    assert (other.links, other.aliases) == ([], None)
    assert Known(1, aliases=[]).aliases == []
