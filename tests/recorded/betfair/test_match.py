"""An invented match, from its first price to its winner, as the decoder tells it."""

from pathlib import Path

from ingestd.errors import Malformed
from ingestd.model import Complete, Decoded, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result
from ingestd.sources.feeds.betfair import FEED

FILE = Path(__file__).with_name("match.jsonl")
START = 1_768_050_000_000


def decoded() -> list[tuple[int, Decoded | str]]:
    """Every update with the milliseconds since the first line; a line that cannot be read by its category."""
    decoder = FEED.decoder("bf")
    list(decoder(Frame("bf", "opened", 0, epoch=True, meta={"recorded": "1"})))
    found: list[tuple[int, Decoded | str]] = []
    at = 0
    for line in FILE.read_bytes().splitlines():
        at = (FEED.record_time(line) or at * 1000 + START * 1000) // 1000 - START
        try:
            found.extend((at, update) for update in decoder(Frame("bf", "data", 0, line)))
        except Malformed as error:
            found.append((at, error.category))
            found.extend((at, gap) for gap in decoder.broken("malformed"))
    return found


def in_short(update: Decoded | str) -> str:  # noqa: PLR0911 - one line a kind
    """An update on one line."""
    match update:
        case Quote(selection=chosen):
            return f"{chosen.outcome} {chosen.side} {update.price} {update.size} {update.status} {update.result}".strip()
        case Fixture():
            started = "" if update.started_at is None else str(update.started_at // 1000 - START)
            return f"{update.home} - {update.away} {update.status} {started}".strip()
        case MarketStatus():
            return f"market {update.status}"
        case Complete():
            return f"complete {update.scope.kind} {len(update.listed)}"
        case Gap():
            return f"gap {update.scope.kind} {update.reason}"
        case Reject():
            return f"reject {update.path}"
        case Result():
            return f"winner {update.winner}"
        case _:
            return str(update)


def test_the_match_is_told_whole() -> None:
    """In order, with the neighbours of what is broken."""
    assert [(at, in_short(update)) for at, update in decoded()] == [
        (0, "Northtown - Southtown scheduled"),
        (0, "market open"),
        (0, "home back 2.0 50.5 open"),
        (0, "home lay 2.04 31.0 open"),
        (0, "away back 4.1 12.0 open"),
        (0, "complete market 3"),
        (1000, "home back 2.02 5.0 open"),
        (1000, "home traded 2.02 None open"),
        (1000, "away lay 4.4 8.25 open"),
        (2000, "home back 2.0 50.5 open"),
        (2000, "draw back 3.3 2.0 open"),
        (2000, "draw lay 3.5 2.0 open"),
        (3000, "market suspended"),
        (3500, "away lay None None withdrawn"),
        (3500, "reject mc[0].rc[0]"),
        (3500, "gap market unreadable"),
        (3500, "json"),
        (3500, "gap market malformed"),
        (4000, "Northtown - Southtown in_play 4000"),
        (4000, "market open"),
        (4000, "home back 2.0 50.5 open"),
        (4000, "home lay 1.82 90.0 open"),
        (5000, "Northtown - Southtown finished 4000"),
        (5000, "winner home"),
        (5000, "market settled"),
        *((5000, f"home {side} None None settled won") for side in ("back", "lay", "traded")),
        *((5000, f"away {side} None None settled lost") for side in ("back", "lay", "traded")),
        *((5000, f"draw {side} None None settled lost") for side in ("back", "lay", "traded")),
    ]
