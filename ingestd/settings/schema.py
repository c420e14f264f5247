"""The JSON Schema of the configuration, for editors."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from ingestd.settings.load import HasOptions
from ingestd.settings.model import Settings, SourceSettings, StoreSettings
from ingestd.settings.overlay import Tree
from ingestd.settings.problems import FILE, is_secret, keys_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(feeds: Mapping[str, HasOptions[BaseModel]]) -> Tree:
    """Everything that may be written: a source's keys depend on its feed."""
    models: list[type[BaseModel]] = [Settings, StoreSettings, SourceSettings, *(kind.options for kind in feeds.values())]
    places, shared = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Tree] = shared["$defs"]

    def body(model: type[BaseModel]) -> Tree:
        return definitions[places[model, "validation"]["$ref"].removeprefix("#/$defs/")]

    for model in models:
        _name_files(model, body(model))
    source = body(SourceSettings)
    _properties(source).pop("options")
    choices: list[JsonValue] = [_source(name, source, body(kind.options)) for name, kind in feeds.items()]
    _properties(body(Settings))["sources"] = {
        "description": "what is recorded",
        "type": "array",
        "items": {"oneOf": choices},
    }
    return {"$schema": DIALECT, **body(Settings), "$defs": dict(definitions)}


def _properties(schema: Tree) -> Tree:
    found = schema.setdefault("properties", {})
    return found if isinstance(found, dict) else {}


def _name_files(model: type[BaseModel], schema: Tree) -> None:
    """Add ``<secret>_file``; a secret that must be given may then come from there."""
    required = schema.get("required")
    for key in [key for key, field in keys_of(model).items() if is_secret(field)]:
        _properties(schema).setdefault(key + FILE, {"type": "string", "description": f"file that holds {key}, readable by its owner only"})
        if isinstance(required, list) and key in required:
            required.remove(key)


def _source(feed: str, source: Tree, options: Tree) -> Tree:
    required = options.get("required")
    return {
        "title": feed,
        "type": "object",
        "additionalProperties": False,
        "properties": {**_properties(source), "feed": {"const": feed}, **_properties(options)},
        "required": ["name", "feed", *(required if isinstance(required, list) else ())],
    }
