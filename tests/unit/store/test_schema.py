"""The fact tables: rules that hold for all of them."""

import pytest
from sqlalchemy import ForeignKeyConstraint, Text

from ingestd.store.ledger import METADATA
from ingestd.store.schema import Odds, OddsHistory


@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_text_is_never_null(name: str) -> None:
    """``''`` is none: also where a column is added later."""
    texts = [column for column in METADATA.tables[name].columns if isinstance(column.type, Text)]
    assert [column.name for column in texts if column.nullable] == []
    assert [column.name for column in texts if not column.primary_key and column.server_default is None] == []


def test_no_index_on_what_changes_with_every_price() -> None:
    """PostgreSQL then updates in place (HOT); the history has its key and its cursor."""
    assert set(Odds.__table__.indexes) == set()  # type: ignore[attr-defined] # a declarative class has a table
    assert [index.name for index in OddsHistory.__table__.indexes] == ["odds_history_journal_offset_idx"]  # type: ignore[attr-defined] # as above


def test_foreign_keys_are_real() -> None:
    """Every reference that the design names."""
    found = {
        (table.name, *key.column_keys, key.referred_table.name)
        for table in METADATA.sorted_tables
        for key in table.constraints
        if isinstance(key, ForeignKeyConstraint)
    }
    assert found >= {
        ("odds", "selection_id", "selections"),
        ("odds_history", "selection_id", "selections"),
        ("selections", "source", "source_market_id", "markets"),
        ("selections", "bookmaker_id", "bookmakers"),
        ("selections", "source", "source_event_id", "event_links"),
        ("markets", "source", "source_event_id", "event_links"),
        ("results", "source", "source_event_id", "event_links"),
        ("event_links", "event_id", "events"),
        ("events", "league_id", "leagues"),
        ("events", "home_team_id", "teams"),
        ("checkpoints", "journal_id", "journals"),
    }
