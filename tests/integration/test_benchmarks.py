"""What is measured is right: the benchmark's own comparison of what each system left, on a load small enough for every run."""

import asyncio
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


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
