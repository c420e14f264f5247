"""What the tests made the program say: a run of all of them fails while some fact or metric was never said.

A fact counts where code that people run says it to the real log, here or in a daemon whose log a test keeps; a metric where such code moves
it from 0, or a page of such a daemon shows it moved. What a test says itself proves nothing.
"""

import re
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import Final, ParamSpec

import pytest

from ingestd.telemetry.actions import ACTIONS
from ingestd.telemetry.logger import FeatureLogger
from ingestd.telemetry.metrics import METRICS
from ingestd.telemetry.series import Metrics
from ingestd.testing.rig.daemon import DaemonProcess

P = ParamSpec("P")
Key = tuple[str, ...]
Told = Iterable[tuple[Key, float]]
Page = Coroutine[None, None, dict[str, float]]

BETWEEN: Final = ("ingestd.telemetry", "ingestd.telemetry.logger", "ingestd.telemetry.series")
PASSING: Final = ("fact", "failed", "add", "set")
"""Functions of these modules that only pass on what others say."""
SAID: Final = re.compile(rb'"event\.action": ?"([a-z_.]+)"')
PARTS: Final = re.compile(r"(_bucket|_count|_sum)?(\{.*)?$")
OUTPUT: Final = "said"


class Evidence:
    """The words said so far, in this process, in its daemons, and in workers that have ended."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        """Listen to every log and all metrics of this process, and look at every page of a daemon that a test looks at."""
        self._patch.setattr(FeatureLogger, "_say", self._noted(FeatureLogger._say, lambda value: True))
        for name in ("add", "set"):
            self._patch.setattr(Metrics, name, self._noted(getattr(Metrics, name), bool))
        self._patch.setattr(Metrics, "_read", self._read(Metrics._read))
        self._patch.setattr(DaemonProcess, "metrics", self._looked(DaemonProcess.metrics))

    def pytest_testnodedown(self, node: object) -> None:
        """A worker of pytest-xdist has ended: what was said in it, unless it crashed."""
        self._said.update(getattr(node, "workeroutput", {}).get(OUTPUT, ()))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Hand on what was said; where everything was run, and well, something unsaid is a failure."""
        self._patch.undo()
        self._said.update(logged(session.config))
        output: dict[str, list[str]] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = sorted(self._said)
        elif exitstatus == pytest.ExitCode.OK and everything(session.config) and self.unsaid():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Say what was never said."""
        if everything(config) and self.unsaid():
            terminalreporter.section("never said in any test")
            for word in self.unsaid():
                terminalreporter.write_line(word)

    def unsaid(self) -> list[str]:
        """Facts and metrics of which no test has made the program speak."""
        return sorted({*ACTIONS, *METRICS} - self._said)

    def _noted(self, speak: Callable[P, None], counts: Callable[[object], bool]) -> Callable[P, None]:
        def speaking(*args: P.args, **labels: P.kwargs) -> None:
            speak(*args, **labels)
            _, word, *values = args
            if word not in self._said and counts(values[0] if values else 1) and ours():
                self._said.add(str(word))

        return speaking

    def _read(self, read: Callable[[Metrics, str, Told], dict[Key, float]]) -> Callable[[Metrics, str, Told], dict[Key, float]]:
        """What is counted elsewhere is seen when a page is written."""

        def reading(metrics: Metrics, name: str, told: Told) -> dict[Key, float]:
            found = read(metrics, name, told)
            if any(found.values()):
                self._said.add(name)
            return found

        return reading

    def _looked(self, metrics: Callable[[DaemonProcess], Page]) -> Callable[[DaemonProcess], Page]:
        async def looking(process: DaemonProcess) -> dict[str, float]:
            page = await metrics(process)
            self._said.update(PARTS.sub("", series) for series, value in page.items() if value)
            return page

        return looking


def ours() -> bool:
    """Whether the one who speaks is code that people run."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals["__name__"] in BETWEEN and frame.f_code.co_name in PASSING:
        frame = frame.f_back
    speaker: str = frame.f_globals["__name__"]
    return speaker.startswith("ingestd.") and not speaker.startswith("ingestd.testing.")


def logged(config: pytest.Config) -> set[str]:
    """Facts in the logs of daemons that lie in the folders of tests."""
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined] # there is no other way at the end
    found: set[str] = set()
    for path in factory.getbasetemp().rglob("*.log"):
        found.update(word.decode() for word in SAID.findall(path.read_bytes()))
    return found


def everything(config: pytest.Config) -> bool:
    """Whether this run is of all tests."""
    option = config.option
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (option.keyword or option.markexpr or option.lf)
