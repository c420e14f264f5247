"""All tables of the design are there."""

from ingestd.store.ledger import METADATA


def test_tables() -> None:
    """Facts and the daemon's own affairs."""
    assert set(METADATA.tables) == {
        *("teams", "leagues", "bookmakers", "aliases", "events", "event_links", "results", "markets", "selections"),
        *("odds", "odds_history", "coverage", "sources", "incidents", "journals", "checkpoints", "runs", "quarantine"),
        *("precedence", "decisions", "revisions"),
    }
