"""What lies over the file: environment variables, and secrets that stand in files of their own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue

from ingestd.settings.model import Settings, env_word
from ingestd.settings.problems import FILE, is_secret, keys_of, known_keys, model_in, nearest, path_of

PREFIX: Final = "INGESTD_"
SOURCES: Final = "INGESTD_SOURCES"
FOREIGN: Final = ("INGESTD_TEST_", "INGESTD_DATA", "INGESTD_SERVICE_", "INGESTD_PORT")
"""Not settings: what tests read, and what Kubernetes tells every pod about a service named ``ingestd``."""
SHARED: Final[dict[str, tuple[str, ...]]] = {
    "A1BETTING_ALERT_EMAIL": ("alerts", "email", "to"),
    "A1BETTING_ALERT_SLACK_WEBHOOK": ("alerts", "slack", "webhook"),
    "A1BETTING_SENTRY_DSN": ("sentry", "dsn"),
}
"""What other programs of the house are told by the same variable."""
OTHERS_MAY_READ: Final = 0o077

Tree = dict[str, JsonValue]


def overlay(data: Tree, environ: Mapping[str, str]) -> list[str]:
    """Lay each ``INGESTD_…`` variable over the file's ``data``, and those that are shared below them; returns problems.

    The last of a key and its ``_file`` form counts.
    """
    _put_shared(data, environ)
    names = {spelling: path for path in _paths(Settings) for spelling in _spellings(path)}
    problems: list[str] = []
    for name in sorted(name for name in environ if name.startswith(PREFIX) and not name.startswith(FOREIGN)):
        if name in names:
            _put(data, names[name], _value(environ[name]))
        elif name == SOURCES:
            data["sources"] = _value(environ[name])
        elif (found := _of_source(data, name)) is not None:
            source, path = found
            _put(source, path, _value(environ[name]))
        elif name.startswith(SOURCES):
            problems.append(f"{name}: names no source that is configured; write {SOURCES}__NAME__KEY, for a NAME in sources")
        else:
            problems.append(f"{name}: no such setting; {nearest(name, names)}")
    return problems


def read_secrets(data: Tree, model: type[BaseModel], prefix: str = "") -> list[str]:
    """Replace each ``<secret>_file`` in ``data`` by the secret that the file holds; returns problems."""
    problems: list[str] = []
    for key, field in keys_of(model).items():
        path, inner = path_of(prefix, [key]), data.get(key)
        below = model_in(field.annotation)
        if below is not None and isinstance(inner, dict):
            problems += read_secrets(inner, below, path)
        if not is_secret(field) or key + FILE not in data:
            continue
        name = data.pop(key + FILE)
        try:
            secret = _secret(Path(str(name)))
        except (OSError, ValueError) as error:
            problems.append(f"{path}{FILE}: {getattr(error, 'strerror', None) or error} (found {str(name)!r})" + _hint(error, str(name)))
            continue
        if key in data:
            problems.append(f"{path}: given both here and by {key}{FILE}; leave one of them out")
        data[key] = secret
    return problems


class _OpenToOthersError(ValueError):
    """A file that other users can read is no place for a secret."""


def _secret(path: Path) -> str:
    if path.stat().st_mode & OTHERS_MAY_READ:
        raise _OpenToOthersError("other users may read or change this file")
    text = path.read_text(encoding="utf-8").rstrip("\r\n")
    if not text:
        raise ValueError("this file is empty")
    return text


def _hint(error: Exception, name: str) -> str:
    return f"; chmod 600 {name}" if isinstance(error, _OpenToOthersError) else "; write the secret into it, alone on the first line"


def _paths(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key in known_keys(model):
        field = keys_of(model).get(key)
        below = model_in(field.annotation) if field else None
        if below is None:
            yield (*above, key)
        elif key != "sources":
            yield from _paths(below, (*above, key))


def _spellings(path: tuple[str, ...]) -> tuple[str, str]:
    words = [part.upper() for part in path]
    return PREFIX + "_".join(words), PREFIX + "__".join(words)


def _of_source(data: Tree, name: str) -> tuple[Tree, tuple[str, ...]] | None:
    """The configured source that a variable's name means, and the path inside it."""
    sources = data.setdefault("sources", [{"name": source.name, "feed": source.feed} for source in Settings().sources])
    best: tuple[str, Tree] | None = None
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict):
            prefix = f"{SOURCES}__{env_word(str(source.get('name')))}__"
            if name.startswith(prefix) and len(name) > len(prefix) and (best is None or len(prefix) > len(best[0])):
                best = prefix, source
    return (best[1], tuple(name.removeprefix(best[0]).lower().split("__"))) if best else None


def _put_shared(data: Tree, environ: Mapping[str, str]) -> None:
    for name, path in SHARED.items():
        for ending in ("", FILE):
            if given := environ.get(name + ending.upper()):
                _put(data, (*path[:-1], path[-1] + ending), _value(given))


def _put(data: Tree, path: tuple[str, ...], value: JsonValue) -> None:
    *above, key = path
    for part in above:
        inner = data.get(part)
        if not isinstance(inner, dict):
            inner = data[part] = {}
        data = inner
    data.pop(key.removesuffix(FILE) if key.endswith(FILE) else key + FILE, None)
    data[key] = value


def _value(text: str) -> JsonValue:
    """The text itself, or the list or mapping that it is in JSON."""
    if not text.startswith(("[", "{")):
        return text
    try:
        found: JsonValue = json.loads(text)
    except ValueError:
        return text
    return found
