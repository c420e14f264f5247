"""What the service manager is told, by the protocol of sd_notify(3): ready, how it is, that it gets on, stopping.

The protocol is a datagram. Of the libraries for it, those that are kept up know no STOPPING and RELOADING, or bring libsystemd along.
"""

import os
import socket
from collections.abc import Callable
from typing import Final

from ingestd.interfaces import Clock
from ingestd.model import SECOND

STATES: Final = {"running": "READY=1", "draining": "STOPPING=1"}
SAY: Final = 10.0
"""Seconds between two status lines."""
SPARE: Final = 3
"""Signs of life within the time that the watchdog allows."""


class ServiceManager:
    """Speaks to whoever started us, as the environment says (``NOTIFY_SOCKET``, ``WATCHDOG_USEC``).

    Signs of life come from ``tick``, which the loop that does the work calls, and only while ``well`` says that the work gets on: a loop
    that hangs says nothing, one that turns without getting anywhere neither.
    """

    def __init__(self, clock: Clock) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._clock = clock
        self._pause = _watchdog() / SECOND / SPARE
        self._due = self._say_at = 0.0

    def entered(self, state: str) -> None:
        """The daemon's life has come to ``state``."""
        if state in STATES:
            self._tell(STATES[state])

    def reloading(self) -> None:
        """The configuration is read anew; ``entered`` again says that this is over."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={int(self._clock.monotonic() * SECOND)}")

    def tick(self, *, well: bool, status: Callable[[], str]) -> None:
        """Called every second or so: says what is due."""
        now = self._clock.monotonic()
        if self._pause and well and now >= self._due:
            self._due = now + self._pause
            self._tell("WATCHDOG=1")
        if self._address and now >= self._say_at:
            self._say_at = now + SAY
            self._tell("STATUS=" + status().replace("\n", " "))

    def _tell(self, line: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as link:
            try:
                link.sendto(line.encode(), self._address)
            except OSError:
                # a manager that is away, or does not read: it will notice our silence, and nothing here may wait for it
                return


def _watchdog() -> int:
    """µs of our silence that count as a hang; 0: nobody watches this process."""
    wanted, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    return int(wanted) if wanted.isdigit() and process in {"", str(os.getpid())} else 0
