"""Ladders: new totals, removals, empty arrays, and which of them says what is best."""

from ingestd.sources.feeds.betfair.ladder import DISPLAY, FULL, OFFERS, UNDECIDED, Runner, kind_of, touched
from ingestd.sources.feeds.betfair.wire import MarketChange, RunnerChange
from ingestd.sources.feeds.betfair.words import BACK, LAY, TRADED


def after(*changes: RunnerChange) -> Runner:
    """A runner that took these changes."""
    runner = Runner(1, 0.0)
    for change in changes:
        runner.apply(change)
    return runner


def test_a_ladder_by_price_holds_totals() -> None:
    """Size 0 removes, and the best is the highest to back, the lowest to lay."""
    runner = after(
        RunnerChange(1, atb=[(2.0, 5.0), (1.9, 7.0)], atl=[(2.2, 1.0), (2.4, 3.0)]), RunnerChange(1, atb=[(2.0, 0.0)], atl=[(2.2, 4.0)])
    )
    assert (runner.best(BACK, FULL), runner.best(LAY, FULL)) == ((1.9, 7.0), (2.2, 4.0))


def test_a_ladder_by_level_is_keyed_by_level() -> None:
    """In any order; size 0 removes."""
    runner = after(
        RunnerChange(1, batb=[(1, 1.9, 7.0), (0, 2.0, 5.0)], batl=[(0, 2.2, 1.0)]), RunnerChange(1, batb=[(1, 0.0, 0.0), (0, 2.1, 3.0)])
    )
    assert (runner.best(BACK, OFFERS), runner.best(LAY, OFFERS), runner.batb) == ((2.1, 3.0), (2.2, 1.0), {0: (2.1, 3.0)})


def test_an_empty_array_empties_a_ladder() -> None:
    """Of orders, each its own."""
    price, level = [(2.0, 5.0)], [(0, 2.0, 5.0)]
    full = RunnerChange(1, atb=price, atl=price, trd=price, spb=price, spl=price, batb=level, batl=level)
    runner = after(full)
    assert [len(ladder) for ladder in (runner.atb, runner.atl, runner.trd, runner.spb, runner.spl, runner.batb, runner.batl)] == [1] * 7
    runner.apply(RunnerChange(1, atb=[], atl=[], trd=[], spb=[], spl=[], batb=[], batl=[]))
    assert [len(ladder) for ladder in (runner.atb, runner.atl, runner.trd, runner.spb, runner.spl, runner.batb, runner.batl)] == [0] * 7


def test_an_empty_display_array_says_nothing() -> None:
    """Something moved beyond the levels asked for."""
    runner = after(RunnerChange(1, bdatb=[(0, 2.0, 5.0)], bdatl=[(0, 2.2, 5.0)]), RunnerChange(1, bdatb=[], bdatl=[]))
    assert (runner.best(BACK, DISPLAY), runner.best(LAY, DISPLAY)) == ((2.0, 5.0), (2.2, 5.0))
    assert touched(RunnerChange(1, bdatb=[], bdatl=[]), DISPLAY) == ()


def test_never_traded() -> None:
    """Betfair says 0."""
    assert (after(RunnerChange(1, ltp=0.0)).best(TRADED, FULL), after(RunnerChange(1, ltp=3.5)).best(TRADED, FULL)) == (None, (3.5, None))


def test_the_preferred_ladder_says_what_is_best() -> None:
    """Best offers, else all offers, else the display; over all runners of the change."""
    display, full, offers = RunnerChange(1, bdatl=[(0, 2.0, 1.0)]), RunnerChange(2, atl=[(2.0, 1.0)]), RunnerChange(3, batb=[(0, 2.0, 1.0)])
    traded = RunnerChange(4, ltp=2.0)
    kinds = [
        kind_of(MarketChange("1.1", rc=changes))
        for changes in ([display, full, offers, traded], [traded, display, full], [display], [traded], None)
    ]
    assert kinds == [OFFERS, FULL, DISPLAY, UNDECIDED, UNDECIDED]


def test_a_change_touches_the_sides_it_speaks_of() -> None:
    """Through the ladder that counts; the others are kept and not told."""
    change = RunnerChange(1, atb=[(2.0, 1.0)], batl=[(0, 2.0, 1.0)], ltp=2.0)
    assert [touched(change, kind) for kind in (FULL, OFFERS, DISPLAY)] == [(BACK, TRADED), (LAY, TRADED), (TRADED,)]


def test_clearing_keeps_who_it_is() -> None:
    """Before an image."""
    runner = after(RunnerChange(1, atb=[(2.0, 1.0)], batb=[(0, 2.0, 1.0)], trd=[(2.0, 1.0)], ltp=2.0))
    runner.name = "Somebody"
    runner.clear()
    assert (runner.atb, runner.batb, runner.trd, runner.ltp, runner.name) == ({}, {}, {}, 0.0, "Somebody")
