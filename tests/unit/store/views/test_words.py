"""What the two databases say differently comes to the same."""

from collections.abc import Awaitable, Callable

import pytest

from ingestd.interfaces import Store
from ingestd.store.statements import Dialect
from ingestd.store.views import NAMES, views
from ingestd.store.views.words import Words
from ingestd.testing.batches import World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_view_is_made(dialect: Dialect) -> None:
    """The list of names is what is made, in that order."""
    assert tuple(statement.split()[2] for statement in views(dialect)) == NAMES


async def test_every_view_has_the_same_columns(store: Store, rows: Rows, store_url: str) -> None:
    """By name and order: read from a store of each kind."""
    del store
    for name, statement in zip(NAMES, views("sqlite"), strict=True):
        assert f"CREATE VIEW {name} AS" in statement
        columns = await rows(
            f"SELECT name FROM pragma_table_info('{name}')"
            if store_url.startswith("sqlite")
            else f"SELECT column_name FROM information_schema.columns WHERE table_name = '{name}' ORDER BY ordinal_position"
        )
        assert [str(column) for (column,) in columns] == COLUMNS[name].split(), name


@pytest.mark.parametrize(("price", "american"), [(1.5, -200), (2.0, 100), (1.01, -10_000), (101.0, 10_000), (1.0, None), (2.405, 141)])
async def test_american(store: Store, rows: Rows, store_url: str, price: float, american: int | None) -> None:
    """To the nearest whole number; no price, no odds."""
    del store
    words = Words("sqlite" if store_url.startswith("sqlite") else "postgresql")
    said = f"CAST({price} AS double precision)" if store_url.startswith("postgres") else f"{price}"
    assert await rows(f"SELECT {words.american(said)}") == [(american,)]


async def test_a_step_down_the_index_for_each_row(store: Store, world: World, rows: Rows, store_url: str) -> None:
    """No view of the past reads the whole history: the plan asks for rows of one selection, or of one selection since a time."""
    await world.begin(store)
    explain = "EXPLAIN QUERY PLAN" if store_url.startswith("sqlite") else "EXPLAIN"
    for view in ("price_history", "opening_odds", "closing_odds", "trusted_history"):
        plan = " ".join(str(row) for row in await rows(f"{explain} SELECT * FROM {view} WHERE event = 'Reds v Blues'"))
        if store_url.startswith("sqlite"):
            assert "SCAN h" not in plan, plan
            assert "SCAN o " not in plan, plan
        assert "WindowAgg" not in plan or view == "trusted_history", plan


_WHO = "selection_id source bookmaker bookmaker_kind"
_EVENT = "event_id sport league season event home away starts_at event_status"
_NAMED = (
    f"{_WHO} {_EVENT} source_event_id source_market_id market period outcome participant side outcome_key feed_state precedence "
    "price line american probability size"
)
_SUBJECT = "outcome_key sport league season event_id event home away starts_at event_status market period outcome side"
_OFFER = (
    "participant price line size bookmaker source selection_id changed_at age_seconds bookmaker_kind american probability status feed_state"
)
_PAST = f"{_NAMED} status result seq time_basis received_at journal_offset"
_HELD = "valid_from valid_to known_from known_to"
COLUMNS = {
    "current_odds": f"{_NAMED} status own_status result changed_at received_at age_seconds live flags",
    "live_odds": f"{_SUBJECT} {_OFFER} precedence witnesses disagreement",
    "best_odds": f"{_SUBJECT} {_OFFER} witnesses disagreement books",
    "consensus": f"{_SUBJECT.removesuffix(' side')} participant line books mean_probability median_probability fair_probability",
    "price_history": f"{_PAST} {_HELD}",
    "opening_odds": f"{_PAST} changed_at",
    "closing_odds": f"{_PAST} changed_at began_at started_by coverage_state coverage_complete",
    "trusted_history": f"{_PAST} {_HELD} covered_from covered_to coverage_state",
    "event_results": f"{_EVENT} period home_score away_score winner state source changed_at",
    "coverage_intervals": "source scope_kind scope_id state reason repaired_by began_at ended_at seen_until",
}
