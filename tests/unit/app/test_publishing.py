"""What is counted elsewhere, on the page."""

from ingestd.app import Daemon
from ingestd.model import OUTCOMES, SECOND
from ingestd.sources.budget import Limit
from ingestd.sources.cadence import Needs


def figures(daemon: Daemon) -> dict[str, float]:
    """The metrics as a scrape finds them."""
    metrics = daemon.reporter.metrics
    _, _, body = metrics.written(metrics.moment(), "")
    lines = [line.rpartition(" ") for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_the_accounts_balance_on_a_scrape(daemon: Daemon) -> None:
    """I6, from the figures alone."""
    found = figures(daemon)
    outcomes = [found[f'ingestd_transformed_records_total{{outcome="{name}",source="demo"}}'] for name in OUTCOMES]
    assert sum(outcomes) == found['ingestd_updates_received_total{source="demo"}'] > 0
    read, journalled, loaded = (found[f'ingestd_frames_{name}_total{{source="demo"}}'] for name in ("read", "journalled", "loaded"))
    assert read >= journalled >= loaded > 0
    assert found['ingestd_source_connected{source="demo"}'] == 1
    assert found["ingestd_journal_bytes"] > 0
    assert {found[f'ingestd_unknown_words{{kind="{kind}",source="demo"}}'] for kind in ("market", "period", "outcome")} == {0}


async def test_a_batch_under_way_is_not_told(daemon: Daemon) -> None:
    """What is counted and not committed may still be taken back: a page shows what the store has."""
    lane = daemon.lanes["demo"]
    lane.counters["received"] += 10**9
    lane.counters["changed"] += 10**9
    found = figures(daemon)
    lane.counters["received"] -= 10**9
    lane.counters["changed"] -= 10**9
    assert found['ingestd_updates_received_total{source="demo"}'] == lane.settled["received"]
    assert found['ingestd_transformed_records_total{outcome="changed",source="demo"}'] == lane.settled["changed"]


async def test_tasks(daemon: Daemon) -> None:
    """By the first words of their names; what has none is the libraries', and few."""
    found = figures(daemon)
    counted = {
        kind: found[f'ingestd_tasks{{kind="{kind}"}}'] for kind in ("collector", "watch", "renew", "loader", "decode", "commit", "intake")
    }
    assert counted == dict.fromkeys(counted, 1)
    assert {kind: found[f'ingestd_tasks{{kind="{kind}"}}'] for kind in ("loop", "signs", "floods", "incidents")} == {
        "loop": 1,
        "signs": 1,
        "floods": 1,
        "incidents": 1,
    }
    assert found['ingestd_tasks{kind="unnamed"}'] < 20


async def test_budgets(daemon: Daemon) -> None:
    """What is left of a month, until when, and how long it will last; the key is named nowhere."""
    budget = daemon.budgets.budget("demo", "a-secret-key", (Limit(amount=500, seconds=None), Limit(amount=30, seconds=1)))
    assert [budget.take("epl", 200) for _ in range(2)] == [0, 0]
    budget.means("epl", 1, Needs(last=200))
    (report,) = daemon.budgets.reports()
    found = {name.partition("{")[0]: value for name, value in figures(daemon).items() if f'budget="{report.budget}"' in name}
    assert report.budget.startswith("demo:")
    assert found["ingestd_budget_limit"] == 500
    assert found["ingestd_budget_remaining"] == 100
    assert found["ingestd_budget_slowdown_ratio"] == 2
    assert found["ingestd_budget_renews_timestamp_seconds"] == budget.renews_at / SECOND
    assert 0 <= found["ingestd_budget_exhausted_timestamp_seconds"] <= found["ingestd_budget_renews_timestamp_seconds"]
    metrics = daemon.reporter.metrics
    _, _, body = metrics.written(metrics.moment(), "")
    assert b"secret" not in body
