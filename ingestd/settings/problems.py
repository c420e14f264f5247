"""What pydantic says is wrong, as lines for people: ``path: problem (found ...); hint``."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ingestd.settings.part import Secret

SHOWN: Final = 60
"""Characters shown of what was found."""
FILE: Final = "_file"
"""A secret's key with this behind it names a file that holds the secret."""
Loc = Sequence[int | str]


def lines(error: ValidationError, model: type[BaseModel], prefix: str = "", also: Iterable[str] = ()) -> list[str]:
    """One line for each problem. ``prefix``: path of the model; ``also``: keys that are known beside the model's own."""
    return [_line(problem, model, prefix, tuple(also)) for problem in error.errors(include_url=False)]


def path_of(prefix: str, loc: Loc) -> str:
    """``sources[0].rate``."""
    path = prefix
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path and not part.startswith("[") else part
    return path


def nearest(word: str, known: Iterable[str]) -> str:
    """The hint for a word that is not known."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}" if known else "leave it out"


def is_secret(field: FieldInfo) -> bool:
    """Whether the field's text must not be shown."""
    return SecretStr in (field.annotation, *get_args(field.annotation)) or any(isinstance(mark, Secret) for mark in field.metadata)


def model_in(annotation: object) -> type[BaseModel] | None:
    """The model that a field holds, also in a list or as an option; what is told apart by names of its own is no model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is dict:
        return None
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The model's fields by the keys that people write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def known_keys(model: type[BaseModel]) -> set[str]:
    """Keys that may be written, ``<secret>_file`` among them."""
    fields = keys_of(model)
    return {*fields, *(key + FILE for key, field in fields.items() if is_secret(field))}


def _line(problem: ErrorDetails, model: type[BaseModel], prefix: str, also: tuple[str, ...]) -> str:
    loc = [part for part in problem["loc"] if part != "options"]
    field = _field(model, loc)
    said: Mapping[str, str] = problem.get("ctx", {})
    hint = (field.description or "").removesuffix(".") if field else ""
    found = _found(problem["input"], field)
    match problem["type"]:
        case "extra_forbidden":
            holder = _holder(model, loc[:-1])
            known = {*known_keys(holder), *(also if len(loc) == 1 else ())} if holder else set()
            words, found, hint = "no such key", "", nearest(str(loc[-1]), known)
        case "missing":
            words, found = "missing", ""
            hint = (hint or "write it") + (f", or name a file that holds it by {loc[-1]}{FILE}" if field and is_secret(field) else "")
        case "hinted":
            words, hint = said["problem"], said["hint"]
            if said["key"]:
                loc, found = [*loc, said["key"]], ""
        case "model_type" | "dict_type":
            words = "should be a mapping of keys and values"
        case _:
            words = problem["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f"{path_of(prefix, loc) or 'configuration'}: {words[:1].lower()}{words[1:]}{found}" + (f"; {hint}" if hint else "")


def _found(value: object, field: FieldInfo | None) -> str:
    if (field is not None and is_secret(field)) or (field is None and isinstance(value, dict)):
        return ""
    kinds = {dict: "a mapping", list: "a list", type(None): "nothing"}
    text = kinds.get(type(value)) or repr(value)
    return f" (found {text if len(text) <= SHOWN else text[:SHOWN] + '…'})"


def _holder(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, str) and found is not None:
            field = keys_of(found).get(part)
            found = model_in(field.annotation) if field else None
    return found


def _field(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    words = [part for part in loc if isinstance(part, str)]
    holder = _holder(model, words[:-1]) if words else None
    return keys_of(holder).get(words[-1]) if holder else None
