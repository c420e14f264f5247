"""The feed's declaration, and a recorded session with what must come of it."""

from pathlib import Path

from ingestd.model import Complete, Frame, Quote
from ingestd.sources.feeds.simulated import FEED
from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.testing.context import feed_context

RECORDED = Path(__file__).parents[3] / "recorded" / "simulated"


def test_the_feed_is_built_from_its_options() -> None:
    """Options reach the live feed."""
    context = feed_context("sim")
    feed = FEED.build(SimulatedOptions(), context)
    assert (feed.time_rule, feed.silence_limit, FEED.unit) == ("ordered", 5.0, "line")


def test_a_recorded_session_decodes_to_what_was_written_down() -> None:
    """Each line of the recording, each update of it: a change of decoding shows as a diff."""
    decoder = FEED.decoder("sim")
    told = []
    for number, line in enumerate((RECORDED / "session.jsonl").read_bytes().splitlines(), start=1):
        told.append(f"# {number}")
        for update in decoder(Frame("sim", "data", FEED.record_time(line) or 0, line)):
            if isinstance(update, Quote):
                terms = f"{update.price} {update.line} {update.size} {update.status} {update.result} {update.changed_at}"
                told.append(f"quote {update.selection.identity} {terms}")
            elif isinstance(update, Complete):
                told.append(f"complete {update.scope.kind} {update.scope.id} {len(update.listed)} {update.changed_at}")
            else:
                told.append(repr(update))
    assert told == (RECORDED / "session.updates.txt").read_text("utf-8").splitlines()
    assert dict(decoder.counts) == {"messages": 60, "quotes": 266, "images": 7}
