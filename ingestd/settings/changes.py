"""What a new configuration changes about a running daemon: which sources come, go or begin anew, and which keys only a restart takes."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

from msgspec import Struct
from pydantic import BaseModel

from ingestd.settings.model import Settings, SourceSettings
from ingestd.settings.problems import path_of

RELOADED: Final = (
    "alerts",
    "batch",
    "journal.limit",
    "journal.reserve",
    "journal.retain",
    "journal.segment",
    "log.level",
    "log.levels",
    "precedence",
    "quarantine",
    "shutdown",
    "sources",
    "store.retention",
    "validation",
)
"""What a running daemon takes: these keys and those below them. Every other key needs a restart, a new one too until it is put here."""


class Configuration(Struct, frozen=True):
    """Settings, and the options of every source by its name, as they were read together.

    ``files``: by the source's name, a digest of what stands in the files that its options name.
    """

    settings: Settings
    options: Mapping[str, BaseModel]
    files: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings, options: Mapping[str, BaseModel]) -> "Configuration":
        """With the files as they are now."""
        return cls(settings, options, {name: _digest(one) for name, one in options.items()})


class Changes(Struct, frozen=True, kw_only=True):
    """``refused``: keys that need a restart; where there are any, nothing else counts. Then sources by name, and keys.

    ``restarted``: sources whose collector begins anew, among them ``retold``: those that are asked, or read, in other words than before.
    ``keys``: everything else that a running daemon takes and that differs.
    """

    refused: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    retold: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """In one line, for people."""
        told = (("added", self.added), ("removed", self.removed), ("restarted", self.restarted), ("set", self.keys))
        return "; ".join(f"{verb} {', '.join(names)}" for verb, names in told if names) or "nothing differs"


def taken(key: str) -> bool:
    """Whether a running daemon takes a change of this key."""
    return any(key == known or key.startswith((f"{known}.", f"{known}[")) for known in RELOADED)


def changes(old: Configuration, new: Configuration, parked: frozenset[str] = frozenset()) -> Changes:
    """From one configuration to another. Sources that are ``parked`` begin anew though nothing of them changed: a person has acted."""
    was, now = _running(old.settings), _running(new.settings)
    stay = [name for name in now if name in was]
    differing = [key for key in _differing(old.settings, new.settings) if key != "sources"]
    # under one name, one provider: what lies in the journal is read by the name
    feeds = [f"sources.{name}.feed" for name in stay if was[name].feed != now[name].feed]
    return Changes(
        refused=(*(key for key in differing if not taken(key)), *feeds),
        added=tuple(name for name in now if name not in was),
        removed=tuple(name for name in was if name not in now),
        restarted=tuple(name for name in stay if name in parked or _provided(name, old, was) != _provided(name, new, now)),
        retold=frozenset(name for name in stay if _plain(old.options[name]) != _plain(new.options[name])),
        keys=(*(key for key in differing if taken(key)), *_judged(was, now)),
    )


def _running(settings: Settings) -> dict[str, SourceSettings]:
    return {source.name: source for source in settings.sources if source.enabled}


def _provided(name: str, given: Configuration, sources: Mapping[str, SourceSettings]) -> tuple[object, ...]:
    """What a source's collector goes by."""
    source = sources[name]
    return given.options[name], given.files[name], source.silence_limit, source.give_up_after, source.max_delta_span


def _judged(was: Mapping[str, SourceSettings], now: Mapping[str, SourceSettings]) -> Iterator[str]:
    return (f"sources.{name}.validation" for name in now if name in was and was[name].validation != now[name].validation)


def _plain(options: BaseModel) -> object:
    """Options without their secrets: with another key, the same is asked for and said."""
    return options.model_dump(mode="json")


def _differing(old: BaseModel, new: BaseModel, above: str = "") -> Iterator[str]:
    """Keys, as people write them, whose values differ."""
    for name, field in type(old).model_fields.items():
        key, before, after = field.alias or name, getattr(old, name), getattr(new, name)
        if isinstance(before, BaseModel) and isinstance(after, BaseModel):
            yield from _differing(before, after, path_of(above, [key]))
        elif before != after:
            yield path_of(above, [key])


def _digest(options: BaseModel) -> str:
    """Of the files that options name, such as certificates: what stands in them may change under the same name."""
    digest = blake2b(digest_size=16)
    for _, value in options:
        if isinstance(value, Path) and value.is_file():
            digest.update(value.read_bytes())
    return digest.hexdigest()
