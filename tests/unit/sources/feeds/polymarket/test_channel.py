"""Images, changes and the checks between them: what is told, what is held, what is missed."""

from ingestd.model import WHOLE, Complete, Decoded, Gap, Reject, Scope, Skipped
from tests.unit.sources.feeds.polymarket.conftest import MARKET, NO, YES, T, Talk, book, change, prices

THIS = Scope("market", MARKET)


def gaps(updates: list[Decoded]) -> list[tuple[Scope, str]]:
    """Every gap."""
    return [(one.scope, one.reason) for one in updates if isinstance(one, Gap)]


def completes(updates: list[Decoded]) -> list[Scope]:
    """Every scope that is known whole."""
    return [one.scope for one in updates if isinstance(one, Complete)]


def skipped(updates: list[Decoded]) -> list[str]:
    """Why something was left out."""
    return [one.reason for one in updates if isinstance(one, Skipped)]


def test_the_whole_is_known_with_the_last_book() -> None:
    """Not before; it lists both sides of both tokens, and the last trades, whichever epoch saw them."""
    talk = Talk()
    first = talk.say(book(YES, {".48": "100"}, {".52": "90"}, 0))
    assert (prices(first), completes(first)) == ([("yes", "back", 0.52, 90, "open"), ("yes", "lay", 0.48, 100, "open")], [])
    second = talk.say(book(NO, {".48": "90"}, {".52": "100"}, 0))
    (complete,) = [one for one in second if isinstance(one, Complete)]
    assert (complete.scope, len(complete.listed)) == (WHOLE, 6)


def test_a_change_tells_what_it_changes() -> None:
    """The best price or its size; a level below tells nothing; a side that runs dry is withdrawn."""
    talk = Talk()
    talk.images()
    assert prices(talk.say(change(YES, "BUY", "0.49", "40", 10, (".49", ".52")))) == [("yes", "lay", 0.49, 40, "open")]
    assert prices(talk.say(change(YES, "BUY", "0.30", "40", 20, (".49", ".52")))) == []
    assert prices(talk.say(change(YES, "BUY", ".49", "0", 30, (".48", ".52")))) == [("yes", "lay", 0.48, 100, "open")]
    talk.say(change(YES, "SELL", ".56", "0", 40, (".48", ".52")))
    assert prices(talk.say(change(YES, "SELL", ".52", "0", 50, (".48", "1")))) == [("yes", "back", None, None, "withdrawn")]


def test_best_prices_that_do_not_fit_are_a_gap() -> None:
    """Nothing wrong is told, nothing more is believed, and the image mends it, with what came meanwhile."""
    talk = Talk()
    talk.images()
    lost = talk.say(change(YES, "BUY", ".47", "7", 10, (".50", ".52")))
    assert (prices(lost), gaps(lost)) == ([], [(THIS, "mismatch")])
    assert skipped(talk.say(change(YES, "BUY", ".51", "8", 30, (".51", ".52")))) == ["held until its image"]
    mended = talk.say(book(YES, {".50": "60"}, {".52": "90"}, 20))
    assert (prices(mended), completes(mended)) == ([("yes", "lay", 0.51, 8, "open")], [])
    assert completes(talk.say(book(NO, {".48": "90"}, {".52": "100"}, 20))) == [THIS]


def test_two_changes_that_changed_places_are_a_gap() -> None:
    """Even where neither states best prices, as in older generations: the second is older than the first."""
    talk = Talk()
    talk.images()
    assert gaps(talk.say(change(YES, "BUY", ".49", "20", 20))) == []
    assert gaps(talk.say(change(YES, "BUY", ".49", "10", 10))) == [(THIS, "disorder")]


def test_what_an_image_holds_already() -> None:
    """A change made before it, and an image older than the book."""
    talk = Talk()
    talk.images(at=100)
    assert skipped(talk.say(change(YES, "BUY", ".49", "20", 50))) == ["stands in the image"]
    talk.say(change(YES, "BUY", ".49", "20", 150))
    assert skipped(talk.say(book(YES, {".3": "1"}, {}, 120))) == ["an image older than the book"]


def test_changes_before_their_image_wait_for_it() -> None:
    """The first image is on its way: no gap; what is older than it stands in it."""
    talk = Talk()
    assert gaps([*talk.say(change(YES, "BUY", ".50", "20", 5)), *talk.say(change(YES, "BUY", ".49", "30", 15))]) == []
    out = talk.say(book(YES, {".48": "100"}, {".52": "90"}, 10))
    assert prices(out) == [("yes", "back", 0.52, 90, "open"), ("yes", "lay", 0.49, 30, "open")]


def test_new_ticks_make_the_book_void() -> None:
    """Once for both tokens; the books after it close the gap."""
    talk = Talk()
    talk.images()
    tick = {"event_type": "tick_size_change", "market": MARKET, "asset_id": YES, "old_tick_size": "0.01", "timestamp": str(T + 10)}
    assert gaps(talk.say(tick, {**tick, "asset_id": NO})) == [(THIS, "tick_size")]
    assert completes(talk.images(at=10)) == [THIS]


def test_a_loss_before_the_whole_is_known_is_told_after_it() -> None:
    """Until then everything is missing anyway."""
    talk = Talk()
    talk.say(book(YES, {".48": "100"}, {".52": "90"}, 0))
    assert gaps(talk.say(change(YES, "BUY", ".47", "7", 10, (".50", ".52")))) == []
    out = talk.say(book(NO, {".48": "90"}, {".52": "100"}, 20))
    assert (completes(out), gaps(out)) == ([WHOLE], [(THIS, "mismatch")])


def test_trades() -> None:
    """The last one; an older one that comes late is none."""
    talk = Talk()
    talk.images()
    trade = {"event_type": "last_trade_price", "market": MARKET, "asset_id": YES, "price": ".5", "size": "2", "timestamp": str(T + 20)}
    assert prices(talk.say(trade)) == [("yes", "traded", 0.5, 2, "open")]
    assert skipped(talk.say({**trade, "timestamp": str(T + 10)})) == ["older than the last trade"]
    (reject,) = talk.say({**trade, "price": "1.5"})
    assert isinstance(reject, Reject)
    assert (reject.category, reject.path) == ("value", "price")


def test_what_nobody_asked_for() -> None:
    """Assets that are not subscribed, markets that are new, words that are unknown, messages without an asset."""
    talk = Talk()
    talk.images()
    assert skipped(talk.say(book("99", {".5": "1"}, {}, 0, market="0xff"))) == ["unsubscribed"]
    assert skipped(talk.say({"event_type": "new_market", "id": "1"})) == ["new_market"]
    assert skipped(talk.say({"event_type": "best_bid_ask", "market": MARKET, "asset_id": YES, "best_bid": ".4"})) == ["stands in the book"]
    refused = [*talk.say({"event_type": "solar_flare"}), *talk.say({"event_type": "book", "market": MARKET, "bids": []})]
    assert [(one.category, one.path) for one in refused if isinstance(one, Reject)] == [("type", "event_type"), ("missing", "asset_id")]


def test_a_broken_element_costs_its_market_the_base() -> None:
    """And is refused by itself."""
    talk = Talk()
    talk.images()
    out = talk.say(change(YES, "HOLD", ".49", "1", 10))
    assert ([one.path for one in out if isinstance(one, Reject)], gaps(out)) == (["price_changes[0]"], [(THIS, "unreadable")])


def test_resolution() -> None:
    """Both tokens are settled on every side, once; what comes after is left out."""
    talk = Talk()
    talk.images()
    resolved = {
        "event_type": "market_resolved",
        "market": MARKET,
        "winning_asset_id": NO,
        "assets_ids": [YES, NO],
        "timestamp": str(T + 10),
    }
    out = talk.say(resolved)
    assert {(outcome, status) for outcome, *_, status in prices(out)} == {("yes", "settled"), ("no", "settled")}
    assert prices(talk.say(resolved)) == []
    assert skipped(talk.say(change(YES, "BUY", ".9", "1", 20))) == ["settled"]
    assert skipped(talk.say({**resolved, "market": "0xff"})) == ["unsubscribed"]
    (reject,) = [one for one in talk.say({**resolved, "winning_asset_id": None}) if isinstance(one, Reject)]
    assert reject.path == "winning_asset_id"


def test_a_confirmed_book_is_counted() -> None:
    """A fresh book whose hash is that of the last message seen."""
    talk = Talk()
    talk.images()
    talk.say(change(YES, "BUY", ".49", "40", 10))
    talk.say({**book(YES, {".49": "40"}, {".52": "90"}, 10), "hash": "c10"})
    assert talk.decoder.counts["confirmed"] == 1
