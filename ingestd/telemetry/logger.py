"""Past-tense facts, one per line: JSON with ECS names for programs, or a sentence for people. Secrets leave at one point."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TextIO

import structlog
from msgspec import Struct
from structlog.typing import EventDict, WrappedLogger

from ingestd.interfaces import Clock
from ingestd.telemetry.actions import ACTIONS, LEVELS, Level

ECS_VERSION: Final = "8.11.0"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OFTEN: Final = 10.0
"""Seconds between two lines of one kind of a fact that may come in floods."""
SHORTEST_SECRET: Final = 4
"""A shorter one would black out innocent words everywhere."""
RENAMED: Final = {"error": "error.message", "error_type": "error.type", "stack": "error.stack_trace"}
USERINFO: Final = re.compile(r"://[^/@\s]+@")
CLEAR_LINE: Final = "\r\x1b[2K"
"""In a terminal a progress line may stand where the next line goes."""
REDACTED: Final = "***"
BRACES: Final = re.compile(r"{(\w+)}")
EMPTY: Final = re.compile(r": +(?=:)")

Form = Literal["json", "text"]


class Said(Struct):
    """When a fact that may come in floods was last said, and how often it was not."""

    at: float
    kept_back: int = 0


class FeatureLogger:
    """Writes facts of the catalogue to one stream; never fails its caller: lines that cannot be written are counted in ``lost``."""

    def __init__(self, stream: TextIO, clock: Clock, *, version: str, form: Form, level: Level = "info") -> None:
        self._stream = stream
        self._clock = clock
        self._secrets: list[str] = []
        self._floods: dict[tuple[str, str], Said] = {}
        self.lost = 0
        self._before = CLEAR_LINE if form == "text" and stream.isatty() else ""
        self._log = structlog.wrap_logger(
            None,
            processors=[self._redact, _Json(version) if form == "json" else _text, self._write],
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        )

    def register_secret(self, *texts: str) -> None:
        """Never let these texts out, wherever they turn up. Texts under four characters are not covered."""
        self._secrets = sorted({*self._secrets, *(text for text in texts if len(text) >= SHORTEST_SECRET)}, key=len, reverse=True)

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Say that something happened. Raises KeyError for an action that is not in the catalogue."""
        spec = ACTIONS[action]
        kept_back = 0
        if spec.often:
            said = self._admit(action, str(labels.get("source", "")))
            if said is None:
                return
            kept_back = said.kept_back
            said.kept_back = 0
        if kept_back:
            labels["kept_back"] = kept_back
        message = _sentence(spec.text, labels)
        self._log.log(LEVELS[spec.level], message, action=action, at=self._clock.now(), labels=labels)

    def take_over_libraries(self) -> logging.Handler:
        """Let what libraries say through ``logging`` (warnings and worse) come out as facts too."""
        handler = _Libraries(self)
        logging.root.handlers[:] = [handler]
        logging.root.setLevel(logging.WARNING)
        return handler

    def _admit(self, action: str, source: str) -> Said | None:
        now = self._clock.monotonic()
        said = self._floods.get((action, source))
        if said is None:
            said = self._floods[action, source] = Said(now)
        elif now - said.at < OFTEN:
            said.kept_back += 1
            return None
        said.at = now
        return said

    def _clean(self, value: str | float) -> str | float:
        if not isinstance(value, str):
            return value
        for secret in self._secrets:
            value = value.replace(secret, REDACTED)
        return USERINFO.sub(f"://{REDACTED}@", value)

    def _redact(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["event"] = self._clean(event["event"])
        event["labels"] = {key: self._clean(value) for key, value in event["labels"].items()}
        return event

    def _write(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        try:
            self._stream.write(f"{self._before}{event['line']}\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream is closed
            self.lost += 1
        raise structlog.DropEvent


def _sentence(text: str, labels: Mapping[str, str | float]) -> str:
    """``text`` with its braces filled; a label that was not given leaves no trace, nor the colon before it."""
    filled = BRACES.sub(lambda match: _figure(labels.get(match[1], "")), text)
    return EMPTY.sub("", filled).rstrip(" :")


def _figure(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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


def stamp(micros: int) -> str:
    """UTC µs as ISO 8601 with milliseconds."""
    return (EPOCH + timedelta(microseconds=micros)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Json:
    """One JSON object per line. Texts are ``labels.*``, numbers ``ingestd.*``; ASCII only, so nothing can forge a line."""

    def __init__(self, version: str) -> None:
        self._service = {"ecs.version": ECS_VERSION, "service.name": "ingestd", "service.version": version}

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        labels: Mapping[str, str | float] = event["labels"]
        line = {
            "@timestamp": stamp(event["at"]),
            "log.level": ACTIONS[event["action"]].level,
            "message": event["event"],
            **self._service,
            "event.dataset": f"ingestd.{event['action'].partition('.')[0]}",
            "event.action": event["action"],
            **{_ecs_name(key, value): value for key, value in labels.items() if value != ""},
        }
        return {"line": json.dumps(line, default=str)}


def _ecs_name(key: str, value: str | float) -> str:
    return RENAMED.get(key) or (f"labels.{key}" if isinstance(value, str) else f"ingestd.{key}")


def _text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A sentence, then what it does not say; control characters are written out, so nothing can forge a line or colour it."""
    action = ACTIONS[event["action"]]
    told = BRACES.findall(action.text)
    rest = "".join(f"  {key}={value}" for key, value in event["labels"].items() if key not in told and value != "")
    line = f"{stamp(event['at'])} {action.level:<7} {event['event']}{rest}"
    return {"line": "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)}
