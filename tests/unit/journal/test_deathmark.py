"""Which frame a process died on, and how often in a row."""

import signal
import subprocess
import sys
from pathlib import Path
from timeit import repeat

from ingestd.journal.deathmark import Deathmark

CHILD = """
import sys, time
from pathlib import Path
from ingestd.journal.deathmark import Deathmark
mark = Deathmark(Path(sys.argv[1]))
for word in sys.argv[2:]:
    mark.mark(int(word)) if int(word) else mark.clear()
print(flush=True)
time.sleep(60)
"""


def die(path: Path, *positions: int) -> tuple[int, int]:
    """A process that marks these positions (0: clears) and is killed; then what the next one is told."""
    words = [sys.executable, "-c", CHILD, str(path), *map(str, positions)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE)  # noqa: S603
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    mark = Deathmark(copy)
    mark.close()
    return mark.position, mark.deaths


def test_deaths_on_one_frame_are_counted(tmp_path: Path) -> None:
    """Three kills in a row on one frame count three, another frame begins anew, and death without work at hand counts for none."""
    path = tmp_path / "deathmark"
    told = [die(path, 7), die(path, 5, 7), die(path, 7), die(path, 8), die(path, 8, 0), die(path, 8)]
    assert told == [(7, 1), (7, 2), (7, 3), (8, 1), (8, 1), (8, 2)]


def test_an_orderly_end_is_no_death(tmp_path: Path) -> None:
    """A close clears the mark; a new file tells of nothing."""
    mark = Deathmark(tmp_path / "deathmark")
    fresh = (mark.position, mark.deaths)
    mark.mark(3)
    mark.close()
    again = Deathmark(tmp_path / "deathmark")
    again.close()
    assert fresh == (0, 0)
    assert (again.position, again.deaths) == (0, 0)


def test_a_damaged_count_counts_for_nothing(tmp_path: Path) -> None:
    """A frame is not condemned by a flipped byte."""
    path = tmp_path / "deathmark"
    die(path, 7)
    Deathmark(path).close()
    content = bytearray(path.read_bytes())
    content[16] ^= 0x40
    path.write_bytes(content)
    mark = Deathmark(path)
    mark.close()
    assert (mark.position, mark.deaths) == (0, 0)


def test_marking_costs_nearly_nothing(tmp_path: Path) -> None:
    """It is done for each frame: a system call would be felt."""
    mark = Deathmark(tmp_path / "deathmark")
    seconds = min(repeat(lambda: mark.mark(5), number=10_000, repeat=5)) / 10_000
    mark.close()
    assert seconds < 1e-6
