"""What is measured is right: a benchmark's comparison of what each system left, on a load small enough for every run; a soak's verdict."""

import asyncio
import sys
from pathlib import Path
from random import Random
from typing import Final

import pytest

from benchmarks.soak import MIB, Look, judged

ROOT = Path(__file__).parents[2]
LEAKS: Final = {"files": 0.01, "threads": 0.01, "tasks": 0.01, "resident": 1.5 * MIB / 1_000}
"""By reload: one of a hundred leaves something behind; a MiB and a half in a thousand."""


@pytest.mark.timeout(240)
async def test_both_systems_leave_the_same_facts() -> None:
    """``make bench`` in small: ours and the lean reference, on both stores, each what the exchange's own model says."""
    words = ("-m", "benchmarks.bench", "--statements", "600", "--rounds", "1", "--paced", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    assert b"every run left" in out


@pytest.mark.parametrize("leaking", ["", *LEAKS])
def test_a_soak_tells_a_leak_from_what_passes(leaking: str) -> None:
    """A thousand rounds that waver as real ones do."""
    random = Random(7)
    looks = []
    for at in range(4, 1_001, 4):
        seen = {"files": 27 + random.randrange(4), "threads": 6 + random.randrange(3), "tasks": 21 + random.randrange(2)}
        seen["resident"] = 200 * MIB + random.randrange(MIB)
        if leaking:
            seen[leaking] += int(at * LEAKS[leaking])
        looks.append(Look(at, **seen))
    assert judged(looks, "rounds", 1_000) == (not leaking)
