"""Every recorded stream there is, folded by the decoder, against the figures an independent fold found."""

import bz2
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingestd.errors import Malformed
from ingestd.model import Frame, Gap, Quote
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.ladder import Runner

DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[4] / "shared" / "data")
LADDERS = ("atb", "atl", "batb", "batl", "bdatb", "bdatl", "trd", "spb", "spl")


def streams() -> dict[str, dict[str, Any]]:  # type: ignore[explicit-any]  # a JSON file's own shapes
    """The figures of each recorded stream; none where there are no recordings."""
    path = DATA / "STATS.json"
    if not path.exists():
        return {}
    return {name: stats for name, stats in json.loads(path.read_text())["files"].items() if name.startswith("betfair/streams/")}


STREAMS = streams()


def frames_of(name: str) -> list[Frame]:
    """A file as ``load`` reads it: opened, then one frame a line."""
    path = DATA / name
    content = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
    opened = Frame("bf", "opened", 0, epoch=True, meta={"recorded": "1", "path": str(path)})
    return [opened, *(Frame("bf", "data", 0, line) for line in content.splitlines())]


def runners(decoder: BetfairDecoder) -> list[Runner]:
    """All runners of all markets."""
    return [runner for market in decoder.markets.values() for runner in market.runners.values()]


def levels(decoder: BetfairDecoder) -> dict[str, int]:
    """Entries by kind of ladder, those that have any."""
    found = Counter({ladder: sum(len(getattr(runner, ladder)) for runner in runners(decoder)) for ladder in LADDERS})
    return {ladder: count for ladder, count in found.items() if count}


def state_of(runner: Runner) -> dict[str, Any]:  # type: ignore[explicit-any]
    """A runner in the words of the figures."""
    found: dict[str, Any] = {}  # type: ignore[explicit-any]
    for ladder in ("batb", "batl", "bdatb", "bdatl"):
        if (best := getattr(runner, ladder).get(0)) is not None:
            found[f"{ladder}_0"] = list(best)
    if runner.atb:
        found["atb_best"] = max(runner.atb)
    if runner.atl:
        found["atl_best"] = min(runner.atl)
    if runner.ltp:
        found["ltp"] = runner.ltp
    return found


@pytest.mark.skipif(not STREAMS, reason=f"no recordings: {DATA}/STATS.json is not there (INGESTD_DATA names the folder)")
@pytest.mark.parametrize("name", STREAMS)
def test_every_recorded_stream_folds_to_its_figures(name: str) -> None:
    """Ladders and last traded prices in the middle; counts, states and what is left at the end."""
    stats = STREAMS[name]
    middle = stats["mid_checkpoint"]
    decoder = BetfairDecoder("bf")
    quotes = 0
    for number, frame in enumerate(frames_of(name)):
        quotes += sum(isinstance(update, Quote) for update in decoder(frame))
        if number == middle["after_lines"]:
            assert levels(decoder) == middle["levels"]
            assert sum(bool(state_of(runner)) for runner in runners(decoder)) == middle["runners_total"]
            for key, wanted in middle["runners"].items():
                market, selection_id, hc = key.split("|")
                assert (key, state_of(decoder.markets[market].runners[int(selection_id), float(hc)])) == (key, wanted)
    assert decoder.counts == {"lines": stats["lines"], "mc": stats["mc"], "rc": stats["rc"]}
    assert sum(levels(decoder).values()) == stats["final_ladder_levels"]
    assert sum(bool(runner.ltp) for runner in runners(decoder)) == stats["final_ltp_runners"]
    states = Counter(market.definition.status for market in decoder.markets.values() if market.definition)
    assert states == stats["final_market_status"]
    assert quotes > stats["rc"] / 2


WITHOUT_BASE = {f"streaming_mcm_{kind}" for kind in ("RESUB_DELTA", "UPDATE_md", "UPDATE_tv", "update")}
MESSAGES = sorted((DATA / "betfair" / "messages").glob("*.json"))


@pytest.mark.skipif(not MESSAGES, reason=f"no recordings: {DATA}/betfair/messages is not there (INGESTD_DATA names the folder)")
@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_every_recorded_message_is_read(path: Path) -> None:
    """Single messages of a live stream: changes without an image have no base; a bare definition is no message."""
    decoder = BetfairDecoder("bf")
    frame = Frame("bf", "data", 0, path.read_bytes())
    if path.stem == "streaming_market_definition":
        with pytest.raises(Malformed):
            decoder(frame)
    else:
        assert any(isinstance(update, Gap) for update in decoder(frame)) == (path.stem in WITHOUT_BASE)


@pytest.mark.skipif(not (DATA / "betfair" / "malformed").exists(), reason=f"no recordings under {DATA} (INGESTD_DATA names the folder)")
def test_a_malformed_recording_is_malformed() -> None:
    """And says so, frame by frame."""
    for path in sorted((DATA / "betfair" / "malformed").iterdir()):
        for line in path.read_bytes().splitlines():
            with pytest.raises(Malformed):
                BetfairDecoder("bf")(Frame("bf", "data", 0, line))
