"""An invented market, from its first book to its settlement, as the decoder tells it."""

from pathlib import Path

from ingestd.errors import Malformed
from ingestd.model import Frame, Quote
from ingestd.sources.feeds.kalshi import FEED
from tests.unit.sources.feeds.kalshi.conftest import in_short

HERE = Path(__file__).parent
START = 1_777_719_600_000_000


def decoded(*payloads: bytes) -> list[tuple[int | None, str]]:
    """Every update, a quote with the milliseconds from the start to its stamp; a line that cannot be read by its category."""
    decoder = FEED.decoder("k")
    list(decoder(Frame("k", "opened", 0, epoch=True, meta={"recorded": "1"})))
    found: list[tuple[int | None, str]] = []
    for payload in payloads:
        try:
            updates = list(decoder(Frame("k", "data", FEED.record_time(payload) or 0, payload)))
        except Malformed as error:
            found.append((None, error.category))
            updates = list(decoder.broken("malformed"))
        for update in updates:
            at = update.changed_at if isinstance(update, Quote) else None
            found.append((None if at is None else (at - START) // 1000, in_short(update)))
    return found


def test_the_market_is_told_whole() -> None:
    """In order, with the neighbours of what is broken."""
    assert decoded(*(HERE / "match.jsonl").read_bytes().splitlines()) == [
        (None, "yes lay 2.439 50.5 open"),
        (None, "no back 1.695 50.5 open"),
        (None, "yes back 2.222 10.25 open"),
        (None, "complete market 4"),
        (4, "yes lay 2.381 25 open"),
        (4, "no back 1.724 25 open"),
        (4, "yes lay 2.439 50.5 open"),
        (4, "no back 1.695 50.5 open"),
        (18, "yes traded 2.222 10.25 open"),
        (18, "yes back 2.174 100 open"),
        (None, "reject shape msg"),
        (None, "gap market unreadable"),
        (None, "json"),
        (None, "gap market malformed"),
        (None, "yes lay 2.439 50.5 open"),
        (None, "no back 1.695 50.5 open"),
        (None, "yes back 2.174 100 open"),
        (None, "complete market 4"),
        (None, "yes lay 2.222 100 open"),
        (None, "no back 1.818 100 open"),
        (None, "yes back 2 7 open"),
        (None, "complete market 4"),
        (1100, "yes lay - 0 withdrawn"),
        (1100, "no back - 0 withdrawn"),
        (2000, "yes traded 2 3 open"),
        (None, "market suspended"),
        (None, "reject negative"),
        (None, "gap market negative"),
        (None, "yes lay - 0 withdrawn"),
        (None, "no back - 0 withdrawn"),
        (None, "yes back - 0 withdrawn"),
        (None, "complete market 1"),
        (None, "market settled"),
        (7000, "yes back - 0 settled won"),
        (7000, "yes lay - 0 settled won"),
        (7000, "yes traded - 0 settled won"),
        (7000, "no back - 0 settled lost"),
    ]


def test_the_answer_is_told_whole() -> None:
    """The one that cannot be read is refused alone; a year 1 is no start."""
    told = [update for _, update in decoded((HERE / "event.json").read_bytes())]
    assert told[:2] == ["event KXTALEGAME-26MAY02NORSOU Northtown vs Southtown finished", "winner home"]
    assert told.count("home back 0 0 settled won") == told.count("away back 0 0 settled lost") == 2
    assert told[-1] == "reject shape markets[2]"
