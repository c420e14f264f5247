"""An invented match, from Gamma's first word to its winner, as the decoder tells it."""

from pathlib import Path

from ingestd.errors import Malformed
from ingestd.model import Complete, Decoded, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result, Skipped
from ingestd.sources.feeds.polymarket import FEED

FILE = Path(__file__).with_name("match.jsonl")
START = 1_775_401_000_000


def in_short(update: Decoded) -> str:  # noqa: C901, PLR0911 - one line a kind
    """An update on one line."""
    match update:
        case Quote(selection=chosen):
            price = None if update.price is None else round(1 / update.price, 6)
            return f"{chosen.outcome} {chosen.side} {price} {update.size} {update.status} {update.result}".strip()
        case Fixture():
            return f"{update.name} {update.sport} {update.league} {update.status}"
        case MarketStatus():
            return f"{update.market} {update.status}"
        case Complete():
            return f"complete {update.scope.kind} {len(update.listed)}"
        case Gap():
            return f"gap {update.scope.kind} {update.reason}"
        case Reject():
            return f"reject {update.category} {update.path}"
        case Result():
            return f"winner {update.winner}"
        case Skipped():
            return f"skipped {update.reason}"


def decoded() -> list[tuple[int, str]]:
    """Every update with the number of its line; a line that cannot be read by its category."""
    decoder = FEED.decoder("pm")
    list(decoder(Frame("pm", "opened", 0, epoch=True, meta={"recorded": "1"})))
    found: list[tuple[int, str]] = []
    for number, line in enumerate(FILE.read_bytes().splitlines(), 1):
        frame = Frame("pm", "data", 0, line)
        try:
            found.extend((number, in_short(update)) for update in decoder(frame))
        except Malformed as error:
            found.append((number, error.category))
            found.extend((number, in_short(update)) for update in decoder.broken("malformed", frame))
    return found


def test_the_match_is_told_whole() -> None:
    """In order, with the neighbours of what is broken."""
    assert decoded() == [
        (1, "Counter-Strike: Northtown vs Southtown (BO3) counter_strike Test League in_play"),
        (1, "moneyline open"),
        (1, "total suspended"),
        (1, "reject shape markets[2]"),
        (2, "home back 0.52 90.0 open"),
        (2, "home lay 0.48 100.0 open"),
        (2, "complete market 4"),
        (2, "away back 0.52 100.0 open"),
        (2, "away lay 0.48 90.0 open"),
        (2, "complete market 6"),
        (4, "home lay 0.49 40.0 open"),
        (4, "away back 0.51 40.0 open"),
        (5, "home back 0.52 95.5 open"),
        (5, "home lay 0.48 100.0 open"),
        (6, "away back 0.52 100.0 open"),
        (7, "home traded 0.52 25.0 open"),
        (8, "skipped stands in the book"),
        (9, "skipped new_market"),
        (10, "reject value price_changes[0]"),
        (10, "gap market unreadable"),
        (10, "reject value price_changes[3]"),
        (10, "reject shape price_changes[2]"),
        (12, "json"),
        (12, "gap market malformed"),
        (14, "home back None None withdrawn"),
        (14, "home lay 0.481 100.0 open"),
        (14, "complete market 5"),
        (15, "reject type event_type"),
        (16, "moneyline settled"),
        (16, "home back None None settled won"),
        (16, "home lay None None settled won"),
        (16, "home traded None None settled won"),
        (16, "away back None None settled lost"),
        (16, "away lay None None settled lost"),
        (16, "away traded None None settled lost"),
        (16, "complete market 6"),
        (16, "winner home"),
        (17, "skipped settled"),
    ]


def test_times_are_the_providers() -> None:
    """Milliseconds as text, of the first message of an array as well; Gamma's answers have none."""
    lines = FILE.read_bytes().splitlines()
    assert [FEED.record_time(lines[number]) for number in (0, 1, 2, 3, 11)] == [None, START * 1000, None, (START + 1000) * 1000, None]
