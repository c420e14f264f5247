"""Messages of the exchange, written out by hand."""

import msgspec
import pytest

from ingestd.errors import Malformed
from ingestd.model import Decoded, Frame, Reject
from ingestd.sources.feeds.simulated.decoder import SimulatedDecoder

T = 1_790_000_000_000_000
IMAGE: dict[str, object] = {
    "op": "image",
    "n": 10,
    "t": T,
    "part": 1,
    "parts": 1,
    "bookmakers": [["ns", "North Star", "book"], ["hx", "Harbour Exchange", "exchange"]],
    "fixtures": [
        {
            "id": "E1",
            "t": T,
            "sport": "football",
            "league": "Hill League",
            "season": "",
            "name": "Ashford v Selby",
            "home": "Ashford",
            "away": "Selby",
            "starts": T + 1_000_000,
            "started": None,
            "status": "scheduled",
        }
    ],
    "results": [],
    "markets": [
        {
            "id": "E1.1",
            "event": "E1",
            "market": "match_odds",
            "period": "",
            "status": "open",
            "t": T - 5,
            "quotes": [
                [0, 1.8, None, None, "open", T - 4, "ns", "home", "Ashford", "back"],
                [1, 1.9, 55.5, None, "suspended", T - 3, "hx", "home", "Ashford", "lay"],
            ],
        },
        {
            "id": "E1.4",
            "event": "E1",
            "market": "alternate_total",
            "period": "",
            "status": "suspended",
            "t": T - 5,
            "quotes": [
                [0, 1.2, None, 0.5, "open", T - 4, "ns", "over", "", "back"],
                [1, 1.5, None, 1.5, "open", T - 4, "ns", "over", "", "back"],
            ],
        },
    ],
}


class Reader:
    """A decoder to say messages to, as the loader would."""

    def __init__(self) -> None:
        self.decoder = SimulatedDecoder("sim")

    def raw(self, payload: bytes) -> list[Decoded]:
        """What the loader makes of a payload."""
        try:
            return list(self.decoder(Frame("sim", "data", T, payload)))
        except Malformed as error:
            return [Reject(stage="decode", category=error.category, reason=error.reason), *self.decoder.broken("malformed")]

    def say(self, **message: object) -> list[Decoded]:
        """What the loader makes of a message."""
        return self.raw(msgspec.json.encode(message))


@pytest.fixture
def blank() -> Reader:
    """Before any image."""
    return Reader()


@pytest.fixture
def reader(blank: Reader) -> Reader:
    """After the image."""
    blank.say(**IMAGE)
    return blank


@pytest.fixture
def image() -> dict[str, object]:
    """An image of everything, as of statement 10: a market that is open, and a ladder that is suspended."""
    return msgspec.json.decode(msgspec.json.encode(IMAGE), type=dict[str, object])
