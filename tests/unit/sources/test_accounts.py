"""The file that makes budgets outlive a daemon."""

from pathlib import Path

import pytest

from ingestd.errors import ConfigError, Disconnected
from ingestd.sources.accounts import Accounts, look
from ingestd.sources.budget import Limit
from tests.unit.sources.test_budget import DAY, MONTH, Watch

OTHER = "another-key"
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def clock() -> Watch:
    """It begins with the month."""
    return Watch()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the budgets are."""
    return tmp_path / "budgets.json"


def test_a_restart_changes_nothing(path: Path, clock: Watch) -> None:
    """Nor does the order in which sources come back: month and window are as they were."""
    limits = (MONTH, Limit(amount=2, seconds=60))
    for request in range(2):
        budget = Accounts(path, clock).budget("demo", SECRET, limits)
        assert budget.left == 500 - 100 * request
        assert budget.take("a", 100) == 0
    again = Accounts(path, clock).budget("demo", SECRET, limits)
    assert again.take("a", 100) == pytest.approx(60, abs=1.1)
    clock.turn(62)
    assert again.take("a", 100) == 0


def test_it_is_written_before_the_request(path: Path, clock: Watch) -> None:
    """A process that dies right after ``take`` has counted it."""
    Accounts(path, clock).budget("demo", SECRET, (MONTH,)).take("a", 7)
    (report,) = look(path, clock)
    assert (report.left, report.limit, report.sources) == (493, 500, ["demo"])


def test_what_the_provider_said_is_kept(path: Path, clock: Watch) -> None:
    """And how the last hours are slowed."""
    budget = Accounts(path, clock).budget("demo", SECRET, (MONTH,))
    budget.correct(used=300)
    assert Accounts(path, clock).budget("demo", SECRET, (MONTH,)).left == 200


def test_keys_are_kept_apart_and_not_written(path: Path, clock: Watch) -> None:
    """One account for each, whoever names it; the names in metrics are no key either."""
    accounts = Accounts(path, clock)
    one, two, other = (accounts.budget(name, key, (MONTH,)) for name, key in (("one", SECRET), ("two", SECRET), ("other", OTHER)))
    one.take("a", 1)
    assert (one.left, two.left, other.left) == (499, 499, 500)
    assert SECRET not in path.read_text(encoding="utf-8")
    assert OTHER not in path.read_text(encoding="utf-8")
    reports = accounts.reports()
    assert [report.sources for report in reports] == [["one", "two"], ["other"]]
    assert [report.budget.partition(":")[0] for report in reports] == ["one", "other"]


def test_a_limit_that_was_changed(path: Path, clock: Watch) -> None:
    """A larger plan leaves more of the same month."""
    Accounts(path, clock).budget("demo", SECRET, (MONTH,)).take("a", 400)
    assert Accounts(path, clock).budget("demo", SECRET, (Limit(amount=20_000, seconds=None),)).left == 19_600


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"accounts":{"k":{"limits":[],"sources":[],"spent":{}}}}'])
def test_a_damaged_file(path: Path, clock: Watch, damage: bytes) -> None:
    """Is set aside and told; each month counts as used up, over restarts, until the provider says what is left."""
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"budgets\.json cannot be read"):
        look(path, clock)
    accounts = Accounts(path, clock)
    assert f"{path} cannot be read" in accounts.damage
    assert path.with_name("budgets.json.damaged").read_bytes() == damage
    budget = accounts.budget("demo", SECRET, (MONTH, Limit(amount=2, seconds=60)))
    assert (budget.left, budget.take("a", 0) > 0) == (0, True)
    clock.turn(62)
    assert budget.take("a", 1) == 30 * DAY - 62
    assert budget.take("free", 0) == 0
    again = Accounts(path, clock)
    assert (again.damage, again.budget("demo", SECRET, (MONTH,)).left) == ("", 0)
    other = again.budget("other", OTHER, (MONTH,))
    assert other.left == 0
    other.correct(used=100, left=400)
    assert other.left == 400


def test_a_damaged_file_is_forgotten_with_the_month(path: Path, clock: Watch) -> None:
    """What is asked for first in a later month starts with all of it."""
    path.write_bytes(b"{")
    Accounts(path, clock).budget("demo", SECRET, (MONTH,)).take("free", 0)
    clock.turn(30 * DAY)
    accounts = Accounts(path, clock)
    assert accounts.budget("demo", SECRET, (MONTH,)).left == 500
    assert accounts.budget("other", OTHER, (MONTH,)).left == 500


def test_keys_that_are_gone_are_forgotten(path: Path, clock: Watch) -> None:
    """Two months later."""
    Accounts(path, clock).budget("demo", SECRET, (MONTH,)).take("a", 1)
    clock.turn(63 * DAY)
    Accounts(path, clock).budget("other", OTHER, (MONTH,)).take("a", 1)
    assert [report.sources for report in look(path, clock)] == [["other"]]


def test_a_file_that_cannot_be_reached(path: Path, clock: Watch) -> None:
    """Is a person's business, before anything is asked."""
    path.mkdir()
    with pytest.raises(ConfigError, match=r"journal\.path: .*budgets\.json cannot be read: Is a directory"):
        Accounts(path, clock)


def test_a_folder_that_takes_nothing(tmp_path: Path, clock: Watch) -> None:
    """Then nothing is asked, and why is told."""
    budget = Accounts(tmp_path / "gone" / "budgets.json", clock).budget("demo", SECRET, (MONTH,))
    with pytest.raises(Disconnected, match="cannot be counted, so it is not made"):
        budget.take("a", 1)
    budget.correct(used=3)
    assert budget.left == 497


def test_a_source_that_leaves(path: Path, clock: Watch) -> None:
    """Its limits hold no more, those of others do; what was spent stays, for whoever comes with that key."""
    accounts = Accounts(path, clock)
    small, large = (Limit(amount=amount, seconds=None) for amount in (100, 500))
    accounts.budget("one", SECRET, (small,)).take("a", 60)
    other = accounts.budget("two", SECRET, (large,))
    assert other.left == 40
    accounts.leave("one")
    assert other.left == 440
    assert [report.sources for report in accounts.reports()] == [["two"]]
    accounts.leave("two")
    assert accounts.reports() == []
    assert accounts.budget("three", SECRET, (small,)).left == 40


def test_limits_that_are_raised(path: Path, clock: Watch) -> None:
    """The same source with another plan: the old limit is gone."""
    accounts = Accounts(path, clock)
    accounts.budget("one", SECRET, (Limit(amount=100, seconds=None),)).take("a", 60)
    accounts.leave("one")
    assert accounts.budget("one", SECRET, (Limit(amount=500, seconds=None),)).left == 440
