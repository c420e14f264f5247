"""From file and environment to ``Settings``, and from a source's options to its feed's."""

import json
from collections.abc import Hashable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import unquote

import yaml
from pydantic import BaseModel, JsonValue, SecretStr, TypeAdapter, ValidationError

from ingestd.errors import ConfigError
from ingestd.settings.model import Settings, SourceSettings
from ingestd.settings.overlay import Tree, overlay, read_secrets
from ingestd.settings.problems import FILE, lines, nearest

DEFAULT_FILE: Final = Path("config/ingestd.yaml")
OWN_KEYS: Final = frozenset(SourceSettings.model_fields) - {"options"}
TREE: Final = TypeAdapter[Tree](Tree)

Options = TypeVar("Options", bound=BaseModel)
Options_co = TypeVar("Options_co", bound=BaseModel, covariant=True)


class HasOptions(Protocol[Options_co]):
    """What this page must know of a feed: the model of its options."""

    @property
    def options(self) -> type[Options_co]:
        """A pydantic model."""


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings of a file (None: ``config/ingestd.yaml`` if there is one, else the defaults), with ``environ`` over it.

    Raises ConfigError with one line for each problem. Options of feeds are judged by ``validate_feeds``.
    """
    return _settings(_tree(path), environ)


def load_all(
    path: Path | None, environ: Mapping[str, str], feeds: Mapping[str, HasOptions[Options]]
) -> tuple[Settings, dict[str, Options]]:
    """Settings, and the options of every source; the ConfigError has the problems of both."""
    data = _tree(path)
    try:
        settings = _settings(data, environ)
    except ConfigError as error:
        problems = list(error.problems)
        for index, source in _well_formed(data.get("sources")):
            _options_of(index, source, feeds, problems)
        raise ConfigError(*problems) from None
    return settings, validate_feeds(settings, feeds)


def validate_feeds(settings: Settings, feeds: Mapping[str, HasOptions[Options]]) -> dict[str, Options]:
    """The options of every source by its name, as its feed's model. Raises ConfigError with all problems of all sources."""
    problems: list[str] = []
    found = {source.name: _options_of(index, source, feeds, problems) for index, source in enumerate(settings.sources)}
    if problems:
        raise ConfigError(*problems)
    return {name: options for name, options in found.items() if options is not None}


def feed_options(source: SourceSettings, kind: HasOptions[Options], path: str = "") -> Options:
    """The options of one source as its feed's model; ``path`` begins the lines of the ConfigError."""
    path = path or f"sources.{source.name}"
    data = deepcopy(source.options)
    return _validated(kind.options, data, read_secrets(data, kind.options, path), path, OWN_KEYS)


def read_tree(path: Path) -> Tree:
    """A YAML or JSON file (``.json``) of keys and values. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        # S506: _Loader is a SafeLoader
        data = json.loads(text, object_pairs_hook=_once) if path.suffix == ".json" else yaml.load(text, _Loader)  # noqa: S506
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found; name an existing file with -c, or leave -c out for the defaults") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}; mind indents, colons and quotes") from None
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid {'JSON' if path.suffix == '.json' else 'YAML'}: {error}") from None
    try:
        return TREE.validate_python(data or {})
    except ValidationError:
        raise ConfigError(f"{path}: holds no settings; write keys with values, as in config/ingestd.yaml") from None


def secrets_of(settings: Settings, options: Iterable[BaseModel]) -> set[str]:
    """Every text that must not be said: the store's password, and what settings and feeds keep as ``SecretStr``."""
    passwords = settings.store.passwords
    return {text for text in (*passwords, *map(unquote, passwords), *_secrets_in((settings, *options))) if text}


def _tree(path: Path | None) -> Tree:
    return read_tree(path or DEFAULT_FILE) if path or DEFAULT_FILE.exists() else {}


def _settings(data: Tree, environ: Mapping[str, str]) -> Settings:
    return _validated(Settings, data, overlay(data, environ) + read_secrets(data, Settings))


def _options_of(index: int, source: SourceSettings, feeds: Mapping[str, HasOptions[Options]], problems: list[str]) -> Options | None:
    """The options of a source; None where something is wrong with them, which is then among ``problems``."""
    path = f"sources[{index}]"
    kind = feeds.get(source.feed)
    if kind is None:
        problems.append(f"{path}.feed: no such feed (found {source.feed!r}); {nearest(source.feed, feeds)}")
        return None
    try:
        return feed_options(source, kind, path)
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _well_formed(sources: JsonValue) -> Iterable[tuple[int, SourceSettings]]:
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        try:
            yield index, SourceSettings.model_validate(source)
        except ValidationError:
            # already told, as a part of the whole
            continue


def _validated(model: type[Options], data: Tree, problems: list[str], path: str = "", also: Iterable[str] = ()) -> Options:
    """``data`` as the model, or a ConfigError with ``problems`` and whatever else is wrong; a secret whose file is wrong is told once."""
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        told = tuple(f"{line.split(':')[0].removesuffix(FILE)}:" for line in problems)
        raise ConfigError(*problems, *(line for line in lines(error, model, path, also) if not line.startswith(told))) from None
    if problems:
        raise ConfigError(*problems)
    return found


def _secrets_in(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets_in(found for _, found in value)
        elif isinstance(value, tuple | list):
            yield from _secrets_in(value)


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: a key given twice is an error, a date stays text for the feed to read."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name for it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, JsonValue]:
        seen = set[str]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} is given twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _once(pairs: list[tuple[str, JsonValue]]) -> Tree:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key {key!r} is given twice")
    return dict(pairs)
