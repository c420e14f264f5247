"""A program in a terminal of its own, as somebody sits before it."""

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from select import select
from typing import Final, Protocol

WITHIN: Final = 30.0
"""Seconds that a person would wait."""
AT_HOME = (
    "import fcntl, os, signal, sys, termios\n"
    "os.setsid()\n"
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'ingestd', *sys.argv[1:]])\n"
)
"""Runs ingestd as the program in the foreground of the terminal on its standard input, which hears Ctrl-C whoever runs the tests."""


class Terminal:
    """``ingestd`` with these words, ``columns`` wide."""

    def __init__(self, folder: Path, environ: dict[str, str], *words: str, columns: int = 120) -> None:
        self._screen, inner = os.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-c", AT_HOME, *words],
            cwd=folder,
            env={**environ, "TERM": "xterm"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
        )
        os.close(inner)
        self.text = ""

    def until(self, pattern: str, within: float = WITHIN) -> None:
        """Read until the pattern is on the screen (or was)."""
        ends = time.monotonic() + within
        while not re.search(pattern, self.text):
            assert time.monotonic() < ends, f"not within {within:g} s: {pattern!r} in {self.text[-2_000:]!r}"
            self._read(0.1)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._screen, keys)

    def ended(self, within: float = WITHIN) -> int:
        """Read to the end; the exit code."""
        ends = time.monotonic() + within
        while self.process.poll() is None:
            assert time.monotonic() < ends, f"still running: {self.text[-2_000:]!r}"
            self._read(0.1)
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._screen)
        self._screen = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        """End it where it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._screen)

    def _read(self, wait: float) -> None:
        if select([self._screen], [], [], wait)[0]:
            try:
                self.text += os.read(self._screen, 65_536).decode("utf-8", "replace")
            except OSError:
                # Linux says EIO when the other side has gone
                time.sleep(wait)


class OpenTerminal(Protocol):
    """Starts ``ingestd`` with these words in a terminal."""

    def __call__(self, folder: Path, environ: dict[str, str], *words: str, columns: int = 120) -> Terminal: ...
