"""Where lines go and what they look like: JSON with ECS names for programs, sentences for people; a stream, or files that rotate."""

import json
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, Literal, TextIO

from ingestd.errors import ConfigError
from ingestd.telemetry.actions import ACTIONS, LEVELS
from ingestd.telemetry.facts import BRACES, Fact, stamp

ECS_VERSION: Final = "8.11.0"
RENAMED: Final = {"error": "error.message", "error_type": "error.type", "stack": "error.stack_trace", "run": "trace.id"}
CLEAR_LINE: Final = "\r\x1b[2K"
"""In a terminal a progress line may stand where the next line goes."""
FOR_PROGRAMS: Final = frozenset({"run", "job", "stack"})
"""What a sentence for people leaves out; the stack follows on lines of its own."""

Form = Literal["json", "text"]


class Outlet:
    """One place to write to. It never fails its caller: what could not be written is counted in ``lost``."""

    def __init__(self, handler: logging.Handler, form: Form, version: str, before: str = "") -> None:
        self.lost = 0
        self._before = before
        self._handler = handler
        self._line = _Json(version) if form == "json" else _text
        # logging would print a traceback to stderr, and go on
        handler.handleError = self._lose  # type: ignore[method-assign]

    def write(self, fact: Fact) -> None:
        """One fact as one line; a stack for people as further ones, each marked."""
        record = logging.LogRecord("ingestd", LEVELS[fact.level], "", 0, self._before + self._line(fact), None, None)
        self._handler.handle(record)

    def close(self) -> None:
        """Let go of the file."""
        self._handler.close()

    def _lose(self, record: logging.LogRecord) -> None:
        del record
        self.lost += 1


def to_stream(stream: TextIO, form: Form, version: str) -> Outlet:
    """Lines to a stream; text in a terminal goes over the progress line."""
    return Outlet(logging.StreamHandler(stream), form, version, CLEAR_LINE if form == "text" and stream.isatty() else "")


def to_files(path: Path, form: Form, version: str, *, size: int, count: int) -> Outlet:
    """Lines to a file; at ``size`` bytes it becomes ``.1`` and the ``count`` newest such stay. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=size, backupCount=count, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(f"log.file: {path} cannot be written: {error.strerror}; name a file that ingestd may write") from error
    return Outlet(handler, form, version)


class _Json:
    """One JSON object per line. Texts are ``labels.*``, numbers ``ingestd.*``; ASCII only, so nothing can forge a line."""

    def __init__(self, version: str) -> None:
        self._service = {"ecs.version": ECS_VERSION, "service.name": "ingestd", "service.version": version}

    def __call__(self, fact: Fact) -> str:
        trouble = fact.level in {"warning", "error"}
        line: dict[str, str | float] = {
            "@timestamp": stamp(fact.at),
            "log.level": fact.level,
            "message": fact.message,
            **self._service,
            "event.dataset": f"ingestd.{fact.area}",
            "event.action": fact.action,
            "event.outcome": "failure" if trouble else "success",
            **{_ecs_name(key, value): value for key, value in fact.labels.items() if value != ""},
        }
        if trouble:
            line["error.code"] = fact.code
        if ACTIONS[fact.action].lasted and "seconds" in fact.labels:
            line["event.duration"] = round(float(fact.labels["seconds"]) * 1e9)
        if fact.kept_back:
            line["ingestd.kept_back"] = fact.kept_back
        return json.dumps(line)


def _ecs_name(key: str, value: str | float) -> str:
    return RENAMED.get(key) or (f"labels.{key}" if isinstance(value, str) else f"ingestd.{key}")


def _text(fact: Fact) -> str:
    """A sentence, then what it does not say; control characters are written out, so nothing can forge a line or colour it."""
    told = {*BRACES.findall(ACTIONS[fact.action].text), *FOR_PROGRAMS}
    rest = "".join(f"  {key}={value}" for key, value in fact.labels.items() if key not in told and value != "")
    more = f"  kept_back={fact.kept_back}" if fact.kept_back else ""
    line = _printable(f"{stamp(fact.at)} {fact.level:<7} {fact.message}{rest}{more}")
    stack = str(fact.labels.get("stack", "")).splitlines()
    return "\n".join((line, *(f"    | {_printable(part)}" for part in stack)))


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
