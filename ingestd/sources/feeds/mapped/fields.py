"""What a mapping may say of one field: where it is, what its words mean, how it is written, and what if it is not there."""

from functools import cache
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictFloat,
    StrictInt,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ingestd.odds import FORMATS, Format
from ingestd.settings.units import hinted
from ingestd.sources.feeds.mapped.formats import NumberFormat
from ingestd.sources.feeds.mapped.paths import Expression


def _quoted(value: object) -> object:
    """Without quotes YAML takes yes, no, on and off for truth values."""
    found = (*value.keys(), *value.values()) if isinstance(value, dict) else (value,)
    if any(isinstance(one, bool) for one in found):
        raise hinted("holds a truth value, not a word", "put quotes around yes, no, on, off, true and false")
    return value


Constant = Annotated[str | StrictInt | StrictFloat, BeforeValidator(_quoted)]
Words = Annotated[dict[str, str], BeforeValidator(_quoted)]
"""The provider's words and ours; a number as a word is written as one."""
STANDARD_TIMES: Final = ("iso", "s", "ms", "us")


class Part(BaseModel):
    """Base of a mapping's parts: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True, coerce_numbers_to_str=True)


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of a name. Raises ValueError, OSError, KeyError where there is none."""
    return ZoneInfo(name)


def _known_zone(name: str) -> str:
    try:
        zone_of(name)
    except (ValueError, OSError, KeyError) as error:
        raise hinted("is no time zone", "write a name such as UTC or Europe/London") from error
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


class Value(Part):
    """A field: an expression alone, or one with more to be said of it."""

    get: Expression | None = Field(None, description="JMESPath that begins with a level: event.name")
    const: Constant | None = Field(None, description="the same for all, instead of get")
    table: str | Words | None = Field(None, description="what the provider's words mean: a table here, or the name of one in tables")
    other: str = Field(
        "reject", alias="else", description="a word that is not in the table: reject, skip the element, keep it, or what it means"
    )
    default: Constant | None = Field(None, description="the value where get finds nothing")
    missing: Literal["reject", "skip", "last", "none"] = Field(
        "reject", description="where nothing is found: reject, skip the element; of a price also last (repeat it) or none (there is none)"
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"get": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.get is None) == (self.const is None):
            raise hinted("has no origin, or two", "write get: an expression, or const: a value")
        if "other" in self.model_fields_set and self.table is None:
            raise hinted("has an else without a table", "write table: {their word: our word}", "else")
        if self.missing in {"last", "none"} and not isinstance(self, Price):
            raise hinted(f"cannot be {self.missing!r} when missing", "write reject, skip, or a default", "missing")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


class Text(Value):
    """A text: an id, a name, a word."""

    format: Literal["text", "number"] = Field("text", description="number: 2, 2.0 and '+2.00' are one text")


class Number(Value):
    """A finite number, also as a text."""

    format: NumberFormat = Field("plain", description="comma: 1.234,5")


class Price(Value):
    """A price, also as a text; a probability of 0 and a decimal price of 0 say that there is none."""

    format: Format = Field("decimal", description="one of " + ", ".join(FORMATS))


class Time(Value):
    """A time."""

    format: str = Field("iso", min_length=1, description="iso, s, ms, us (since 1970), or a pattern as of strptime: %d/%m/%Y %H:%M")
    zone: Zone = Field("UTC", description="where the text names no zone")

    @model_validator(mode="after")
    def _known_format(self) -> Self:
        if self.format not in STANDARD_TIMES and "%" not in self.format:
            raise hinted("is no format of times", "write iso, s, ms, us, or a pattern such as %d/%m/%Y %H:%M", "format")
        return self
