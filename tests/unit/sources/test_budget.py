"""Never above a limit, fair between jobs, and right when the provider says otherwise."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.errors import Disconnected
from ingestd.model import SECOND
from ingestd.sources.budget import PAUSE, Account, Budget, Limit
from ingestd.sources.cadence import Cadence, Game, Means, Needs
from ingestd.sources.spent import Spent
from tests.unit.sources.test_months import at

DAY = 86_400
MONTH = Limit(amount=500, seconds=None)


class Watch:
    """Time that a test sets."""

    def __init__(self, now: int = at("2026-11-01T00:00:00")) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return self.time / SECOND

    async def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        """So much later, or earlier."""
        self.time += round(seconds * SECOND)


@pytest.fixture
def clock() -> Watch:
    """It begins with the month."""
    return Watch()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-5, 20)), max_size=120), st.integers(1, 4))
def test_no_window_holds_more(steps: list[tuple[str, float]], amount: int) -> None:
    """Whoever asks, whenever, also while the clock is set back now and then: within any ten seconds that passed, no more than the limit."""
    clock, passed, taken = Watch(), 0.0, list[float]()
    budget = Budget("demo", (Limit(amount=amount, seconds=10),), clock)
    for job, seconds in steps:
        clock.turn(seconds)
        passed += max(0.0, seconds)
        if budget.take(job, 1) == 0:
            taken.append(passed)
        assert sum(when > passed - 10 for when in taken) <= amount


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), min_size=1, max_size=60), st.integers(1, 3))
def test_who_comes_back_in_time_is_served(steps: list[tuple[str, float]], amount: int) -> None:
    """The wait that is told is long enough, as long as nobody else has a place before."""
    clock = Watch()
    budget = Budget("demo", (Limit(amount=amount, seconds=10),), clock)
    for job, seconds in steps:
        clock.turn(seconds)
        wait = budget.take(job, 1)
        if wait > 0:
            clock.turn(wait)
            assert budget.take(job, 1) == 0


def test_room_goes_to_who_waits_longest(clock: Watch) -> None:
    """Of one request per ten seconds. One job asks every second; the other wants one every twenty, and comes back when it was told to."""
    budget, served, due = Budget("demo", (Limit(amount=1, seconds=10),), clock), Counter[str](), 0.0
    for second in range(1_000):
        served["greedy"] += budget.take("greedy", 1) == 0
        if second >= due:
            wait = budget.take("patient", 1)
            served["patient"] += wait == 0
            due = second + (wait or 20)
        clock.turn(1)
    assert served["patient"] >= 30, served
    assert served.total() >= 90, served


def test_room_for_one_is_the_first_ones(clock: Watch) -> None:
    """Where several may ask within a window, and only one of them has left it."""
    budget = Budget("demo", (Limit(amount=2, seconds=10),), clock)
    for _ in range(2):
        assert budget.take("a", 1) == 0
        clock.turn(4)
    wait = budget.take("first", 1)
    clock.turn(wait)
    assert budget.take("late", 1) > 3
    assert budget.take("first", 1) == 0


def test_a_clock_set_back_holds_nobody_up(clock: Watch) -> None:
    """Places and windows of a time that has not come yet are none: a window later there is room."""
    budget = Budget("demo", (Limit(amount=1, seconds=10),), clock)
    assert budget.take("a", 1) == 0
    assert budget.take("gone", 1) > 0
    clock.turn(-DAY)
    assert 0 < budget.take("a", 1) < 11
    clock.turn(11)
    assert budget.take("a", 1) == 0


def test_a_place_that_nobody_takes_is_given_up(clock: Watch) -> None:
    """A job that has gone does not hold the others up for ever."""
    budget = Budget("demo", (Limit(amount=1, seconds=10),), clock)
    assert budget.take("a", 1) == 0
    assert budget.take("gone", 1) > 0
    wait = budget.take("a", 1)
    assert wait > 10
    clock.turn(200)
    assert budget.take("a", 1) == 0


def test_a_month_is_spent_and_renewed(clock: Watch) -> None:
    """Free requests go on; the seconds until renewal are told."""
    budget = Budget("demo", (MONTH,), clock)
    clock.turn(10 * DAY)
    assert [budget.take("a", 100) for _ in range(5)] == [0] * 5
    assert budget.left == 0
    assert budget.take("a", 1) == 20 * DAY
    assert budget.take("a", 0) == 0
    assert budget.forecast() == clock.now()
    clock.turn(20 * DAY)
    assert (budget.left, budget.take("a", 1)) == (500, 0)
    assert budget.renews_at == at("2027-01-01T00:00:00")


def test_a_month_by_the_providers_day(clock: Watch) -> None:
    """It renews when the provider says that it does."""
    budget = Budget("demo", (Limit(amount=5, seconds=None, renews_on=15),), clock)
    budget.take("a", 5)
    assert budget.take("a", 1) == 14 * DAY
    clock.turn(14 * DAY)
    assert budget.take("a", 1) == 0


def test_a_clock_set_back_grants_nothing(clock: Watch) -> None:
    """Not in this month, not in the one before it, and not on the way back."""
    budget = Budget("demo", (MONTH,), clock)
    assert budget.take("a", 500) == 0
    for seconds in (-3_600, -40 * DAY, 40 * DAY, 3_600):
        clock.turn(seconds)
        assert budget.left == 0
        assert budget.take("a", 1) > 0


def test_a_greedy_job_leaves_the_others_their_share(clock: Watch) -> None:
    """Neither plans: the one that asks all the time gets its half, and what the other does not use, as the month goes by."""
    budget, served = Budget("demo", (MONTH,), clock), Counter[str]()
    for hour in range(30 * 24):
        if hour % 24 == 0:
            served["modest"] += 4 * (budget.take("modest", 4) == 0)
        for _ in range(20):
            wait = budget.take("greedy", 1)
            served["greedy"] += wait == 0
            assert wait in {0, PAUSE} or served.total() > 490
        if hour == 15 * 24:
            assert served["greedy"] < 400
        clock.turn(3_600)
    assert served["modest"] == 4 * 30
    assert 370 <= served["greedy"] <= 380


def test_who_plans_is_owed_its_plan(clock: Watch) -> None:
    """A job that only takes cannot touch it."""
    budget = Budget("demo", (MONTH,), clock)
    assert budget.means("planned", 2, Needs(last=100)) == Means(2, 100, at("2026-12-01T00:00:00"))
    taken = 0
    while budget.take("greedy", 1) == 0:
        taken += 1
    assert taken == 400
    assert budget.means("planned", 2, Needs(last=100)) == Means(2, 100, at("2026-12-01T00:00:00"))
    assert [budget.take("planned", 2) for _ in range(50)] == [0] * 50


def test_fractions_of_a_poll_are_owed_to_nobody(clock: Watch) -> None:
    """The last credit goes to whoever asks first."""
    budget = Budget("demo", (Limit(amount=1, seconds=None),), clock)
    assert [budget.means(job, 1, Needs(last=9)) for job in "ab"][1] == Means(1, 0.5, budget.renews_at)
    assert budget.take("b", 1) == 0


def test_a_plan_that_nobody_renews_is_no_plan(clock: Watch) -> None:
    """An hour later it is a job like any other that needs its share less and less, and days later none."""
    budget = Budget("demo", (MONTH,), clock)
    budget.means("planned", 1, Needs(last=500))
    assert budget.take("other", 250) == 0
    assert budget.take("other", 1) == PAUSE
    clock.turn(DAY)
    assert budget.take("other", 8) == 0
    assert budget.take("other", 100) == PAUSE
    clock.turn(2 * DAY)
    assert budget.take("other", 242) == 0


def test_sources_share_a_key(clock: Watch) -> None:
    """One account, two faces: what one spends the other has not, and jobs of the same name are two."""
    account = Account((MONTH,), clock, Spent(), lambda _: None)
    one, two = Budget("one", (MONTH,), clock, account), Budget("two", (MONTH,), clock, account)
    while one.take("epl", 1) == 0:
        pass
    assert (one.left, two.left) == (0, 0)
    clock.turn(30 * DAY)
    two.take("epl", 1)
    while one.take("epl", 1) == 0:
        pass
    assert two.left == pytest.approx(249, abs=1)
    assert two.take("epl", 1) == 0


def test_the_stricter_of_two_opinions(clock: Watch) -> None:
    """Sources that say different limits of one key are both held to all of them."""
    account = Account((MONTH,), clock, Spent(), lambda _: None)
    account.restrict((Limit(amount=5, seconds=None), Limit(amount=1, seconds=10)))
    budget = Budget("demo", (), clock, account)
    assert budget.left == 5
    assert budget.take("a", 1) == 0
    assert budget.take("a", 1) == pytest.approx(10, abs=0.5)


def test_the_provider_counts_more(clock: Watch) -> None:
    """Somebody else uses the key too: at once. Of used and left, whatever leaves less."""
    budget = Budget("demo", (MONTH,), clock)
    budget.take("a", 1)
    budget.correct(used=40)
    assert budget.left == 460
    budget.correct(used=40, left=10)
    assert budget.left == 10
    budget.correct(used=1e9)
    assert (budget.left, budget.take("a", 1) > 0) == (0, True)


def test_the_provider_counts_less(clock: Watch) -> None:
    """Believed when said twice, a minute apart, and never what may still be under way."""
    budget = Budget("demo", (MONTH,), clock)
    budget.take("a", 100)
    clock.turn(120)
    budget.correct(used=30)
    assert budget.left == 400
    clock.turn(61)
    budget.take("a", 3)
    budget.correct(used=30)
    assert budget.left == 500 - 30 - 3


def test_one_odd_answer_grants_nothing(clock: Watch) -> None:
    """A cached or late one, between others that agree with us."""
    budget = Budget("demo", (MONTH,), clock)
    budget.take("a", 100)
    for used in (100, 3, 100, 3, 100, 3, 100):
        clock.turn(120)
        budget.correct(used=used)
        assert budget.left == 400


def test_estimates_that_are_too_high_are_mended(clock: Watch) -> None:
    """Each request costs two where we counted six."""
    budget = Budget("demo", (MONTH,), clock)
    for request in range(1, 60):
        assert budget.take("a", 6) == 0
        budget.correct(used=2 * request)
        clock.turn(300)
    assert budget.left is not None
    assert 370 <= budget.left <= 500 - 2 * 59


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), float("-inf"), -5.0])
def test_figures_that_are_none(clock: Watch, figure: float) -> None:
    """Change nothing."""
    budget = Budget("demo", (MONTH,), clock)
    budget.take("a", 100)
    clock.turn(120)
    for _ in range(2):
        budget.correct(used=figure)
    assert budget.left == 400
    budget.correct(left=figure)
    assert budget.left == (0 if figure == -5 else 400)


def test_forecast(clock: Watch) -> None:
    """At the rate of the last day; nothing if the month renews before."""
    budget = Budget("demo", (MONTH,), clock)
    assert budget.forecast() is None
    for _ in range(24):
        budget.take("a", 4)
        clock.turn(3_600)
    assert budget.forecast() == pytest.approx(clock.now() + 404 / 96 * DAY * SECOND, rel=1e-3)
    clock.turn(26 * DAY)
    assert budget.forecast() is None
    assert Budget("demo", (), clock).forecast() is None


def test_what_cannot_be_written_down_is_not_asked(clock: Watch) -> None:
    """And not counted either."""

    def full(durable: bool) -> None:
        raise OSError(28, "No space left on device")

    account = Account((MONTH, Limit(amount=1, seconds=10)), clock, Spent(), full)
    budget = Budget("demo", (), clock, account)
    for _ in range(3):
        with pytest.raises(Disconnected, match="No space left"):
            budget.take("a", 1)
    assert budget.left == 500


@pytest.mark.parametrize("limit", [(0, None, 1), (float("nan"), None, 1), (float("inf"), 1, 1), (5, 0, 1), (5, None, 0), (5, None, 32)])
def test_limits_that_are_none(limit: tuple[float, float | None, int]) -> None:
    """Are refused."""
    with pytest.raises(ValueError, match="is no limit"):
        Limit(amount=limit[0], seconds=limit[1], renews_on=limit[2])


def test_interval(clock: Watch) -> None:
    """Within the share of the job; as often as wished where nothing counts by the month."""
    cadence = Cadence(far=3_600, near=60)
    game = [Game(clock.now() + 1_800 * SECOND)]
    assert Budget("demo", (), clock).interval("a", 1, cadence, game) == 60
    budget = Budget("demo", (MONTH,), clock)
    alone = budget.interval("a", 1, cadence, game)
    assert alone >= 60
    assert budget.interval("b", 1, cadence, game) > alone
    assert budget.interval("free", 0, cadence, game) == 60
