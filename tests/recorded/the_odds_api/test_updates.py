"""What the recordings decode to, update by update."""

from pathlib import Path

import pytest

from ingestd.errors import Malformed
from ingestd.model import Complete, Decoded, Fixture, Frame, Quote, Reject, Result
from ingestd.sources.feeds.the_odds_api.decoder import OddsDecoder, record_time

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "updates.txt"


def told(update: Decoded) -> str:
    """An update on one line."""
    text = repr(update)
    if isinstance(update, Quote):
        what = update.selection
        named = f"{what.identity}; {what.bookmaker}; {what.bookmaker_kind}; {what.source_market_id[33:]}"
        words = f"{named}; {what.market}; {what.outcome}; {what.participant}; {what.side}"
        text = f"quote {words}; {update.price} {update.line} {update.status} {update.changed_at} in {what.scope.id}"
    elif isinstance(update, Fixture):
        named = f"{update.source_event_id}; {update.sport}; {update.league}; {update.name}; {update.home}; {update.away}"
        text = f"fixture {named}; {update.starts_at}; {update.status}"
    elif isinstance(update, Result):
        text = f"result {update.source_event_id} {update.home_score}:{update.away_score} {update.winner} {update.state} {update.changed_at}"
    elif isinstance(update, Complete):
        text = f"complete {update.scope.id}: {len(update.listed)}"
    elif isinstance(update, Reject):
        text = f"reject {update.category} at {update.path}: {update.reason}"
    return text


def decoded(path: Path) -> list[str]:
    """A file on its own: when it was recorded, what it holds."""
    payload = path.read_bytes()
    decoder = OddsDecoder("s")
    try:
        lines = [told(update) for update in decoder(Frame("s", "data", 0, payload))]
    except Malformed as error:
        lines = [f"malformed {error}"]
    return [f"# {path.relative_to(FOLDER)} at {record_time(payload)}: {dict(sorted(decoder.counts.items()))}", *lines]


def test_every_recording() -> None:
    """Line by line; nothing but the invented faults is rejected."""
    found = [line for path in sorted(FOLDER.rglob("*.json")) for line in decoded(path)]
    assert found == EXPECTED.read_text().splitlines()


@pytest.mark.parametrize("name", ["odds", "event_odds"])
def test_as_the_answer_of_a_query(name: str) -> None:
    """Live, an answer speaks for all that was asked for, and for nothing else."""
    frame = Frame("s", "data", 0, (FOLDER / f"{name}.json").read_bytes(), meta={"key": "odds/soccer_epl"})
    updates = list(OddsDecoder("s")(frame))
    assert {update.selection.scope.id for update in updates if isinstance(update, Quote)} == {"odds/soccer_epl"}
    (complete,) = [update for update in updates if isinstance(update, Complete)]
    assert complete.listed == {update.selection.id for update in updates if isinstance(update, Quote)}
