"""Past-tense facts: context bound once, secrets taken out at one point, floods kept down, then to whoever listens and to the log."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType

import structlog
from structlog.typing import EventDict, WrappedLogger

from ingestd.interfaces import Clock
from ingestd.settings.model import Area
from ingestd.telemetry.actions import ACTIONS, LEVELS, Level
from ingestd.telemetry.facts import Fact, of_error, sentence, shortened
from ingestd.telemetry.floods import Floods, Labels
from ingestd.telemetry.outlets import Outlet
from ingestd.telemetry.redact import Redactor

Listener = Callable[[Fact], None]


class FeatureLogger:
    """Takes facts of the catalogue. Whoever listens hears all of them, outlets those of their area's level or graver."""

    def __init__(
        self,
        outlets: Sequence[Outlet],
        clock: Clock,
        redactor: Redactor,
        *,
        level: Level = "info",
        levels: Mapping[Area, Level] = MappingProxyType({}),
    ) -> None:
        self._outlets = outlets
        self._clock = clock
        self._redactor = redactor
        self._level = level
        self._levels: dict[str, Level] = dict(levels.items())
        self._floods = Floods(clock)
        self._listeners: list[Listener] = []
        self._log = structlog.wrap_logger(
            None,
            processors=[structlog.contextvars.merge_contextvars, self._redact, self._tell],
            wrapper_class=structlog.BoundLogger,
        )

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return sum(outlet.lost for outlet in self._outlets)

    def listen(self, listener: Listener) -> None:
        """Tell this one of every fact from now on. It must neither wait nor fail."""
        self._listeners.append(listener)

    def adopt(self, level: Level, levels: Mapping[Area, Level]) -> None:
        """Say from now on what is as grave as this."""
        self._level, self._levels = level, dict(levels.items())

    def bound(self, **labels: str | float) -> AbstractContextManager[None]:
        """Within it, in this task and those that it begins, every fact has these labels too; what a fact says itself wins."""
        return structlog.contextvars.bound_contextvars(**labels)

    def failed(self, action: str, cause: BaseException, /) -> None:
        """Say that something happened because of an exception, and tell of it with its stack."""
        self._say(action, {**of_error(cause)}, 0, cause)

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Say that something happened. Raises KeyError for an action that is not in the catalogue."""
        key = ACTIONS[action].often
        if not key:
            self._say(action, labels, 0)
            return
        kept_back = self._floods.admit((action, *(str(labels.get(name, "")) for name in key)), labels)
        if kept_back is not None:
            self._say(action, labels, kept_back)

    def tell_kept_back(self, *, everything: bool = False) -> None:
        """Say what a flood that is over left unsaid: its last fact, with the count of those before."""
        for action, labels, kept_back in self._floods.due(everything=everything):
            self._say(action, labels, kept_back)

    def take_over_libraries(self) -> logging.Handler:
        """Let what libraries say through ``logging`` (warnings and worse) come out as facts too."""
        handler = _Libraries(self)
        logging.root.handlers[:] = [handler]
        logging.root.setLevel(logging.WARNING)
        return handler

    def close(self) -> None:
        """Say what is left to be said, and let go of files."""
        self.tell_kept_back(everything=True)
        for outlet in self._outlets:
            outlet.close()

    def _say(self, action: str, labels: Labels, kept_back: int, cause: BaseException | None = None) -> None:
        self._log.info(action, labels=labels, kept_back=kept_back, cause=cause)

    def _redact(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """The one point through which everything goes that is said, whatever hears it."""
        action, own, kept_back, cause = (event.pop(name) for name in ("event", "labels", "kept_back", "cause"))
        labels = {
            key: self._redactor.text(shortened(value)) if isinstance(value, str) else value for key, value in {**event, **own}.items()
        }
        message = sentence(ACTIONS[action].text, labels)
        return {"fact": Fact(action=action, at=self._clock.now(), message=message, labels=labels, kept_back=kept_back, cause=cause)}

    def _tell(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        fact: Fact = event["fact"]
        for listener in self._listeners:
            listener(fact)
        if LEVELS[fact.level] >= LEVELS[self._levels.get(fact.area, self._level)]:
            for outlet in self._outlets:
                outlet.write(fact)
        raise structlog.DropEvent


class _Libraries(logging.Handler):
    """From ``logging`` to facts."""

    def __init__(self, logger: FeatureLogger) -> None:
        super().__init__(logging.WARNING)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """One record, with the traceback where there is one."""
        stack = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        failed = record.levelno >= logging.ERROR
        self._logger.fact("library.failed" if failed else "library.warned", library=record.name, error=record.getMessage(), stack=stack)
