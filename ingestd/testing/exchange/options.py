"""What can be asked of the exchange, and how that is said on its command line."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

Disorder = Literal["duplicate", "malformed", "absurd", "future", "hole", "swap"]
DISORDERS: Final[tuple[Disorder, ...]] = ("duplicate", "malformed", "absurd", "future", "hole", "swap")


class Options(Struct, frozen=True, kw_only=True):
    """Statements are a pure function of ``seed``, ``events``, ``markets``, ``life``, ``whole``, ``t0`` and ``step`` (virtual clock).

    ``life``: statements per event; ``whole``: statements between two images of everything. ``t0``: µs UTC of the beginning, 0: a
    day before the start; ``step``: µs from one statement to the next. ``rate``: quotes per second, 0: as fast as the slowest client
    reads. ``limit``: statements to make, 0: no end. ``window``: statements kept for replay. ``segment``: quotes in one frame of an
    image. ``heartbeat``: seconds of quiet. ``disorder``: probability per statement of each kind of damage.
    """

    seed: int = 1
    events: int = 8
    markets: int = 4
    life: int = 400
    whole: int = 5_000
    clock: Literal["virtual", "wall"] = "virtual"
    t0: int = 0
    step: int = 100
    rate: float = 200.0
    limit: int = 0
    window: int = 100_000
    segment: int = 500
    heartbeat: float = 1.0
    disorder: dict[Disorder, float] = field(default_factory=dict)


FIELDS: Final = tuple(name.name for name in msgspec.structs.fields(Options))


def flags(settings: Mapping[str, object]) -> list[str]:
    """The command-line words for those settings that the exchange knows; others are left out."""
    words: list[str] = []
    for name in FIELDS:
        if name in settings:
            value = settings[name]
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            words += [f"--{name}", text]
    return words


def command(settings: Mapping[str, object]) -> list[str]:
    """The command that starts an exchange on a free port of this machine, which ends when its standard input does."""
    return [sys.executable, "-m", "ingestd.testing.exchange", "--with-parent", *flags(settings)]


class Place(Struct, frozen=True, kw_only=True):
    """Where the exchange listens, and whether it ends with the process that started it."""

    host: str
    port: int
    with_parent: bool


def parse(words: Sequence[str]) -> tuple[Options, Place]:
    """Command-line words to options; argparse says what is wrong and exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m ingestd.testing.exchange", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    for name in FIELDS:
        parser.add_argument(f"--{name}")
    found = vars(parser.parse_args(words))
    raw = {name: found[name] for name in FIELDS if found[name] is not None}
    if "disorder" in raw:
        raw["disorder"] = msgspec.json.decode(raw["disorder"])
    try:
        options = msgspec.convert(raw, Options, strict=False)
    except msgspec.ValidationError as error:
        parser.error(str(error))
    return options, Place(host=found["host"], port=found["port"], with_parent=found["with_parent"])
