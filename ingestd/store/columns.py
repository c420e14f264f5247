"""Column types that hold the same values in SQLite and PostgreSQL, and the base of all tables."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from sqlalchemy import BigInteger, Dialect, Double, Integer, MetaData, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.sqlite import REAL
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
EARLIEST: Final = -62_135_596_800_000_000
"""0001-01-01 in UTC µs: what Python, SQLite's text form and PostgreSQL can all say."""
LATEST: Final = 253_402_300_799_999_999
"""The last µs of 9999 in UTC µs."""


class Micros(TypeDecorator[int]):
    """UTC microseconds as an int; INTEGER in SQLite, timestamptz in PostgreSQL, exact in both from 0001 to 9999."""

    impl = Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int] | TypeEngine[datetime]:
        """The type of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> object:
        """An int on its way in."""
        if value is None or dialect.name != "postgresql":
            return value
        return to_datetime(value)

    def process_result_value(self, value: object, dialect: Dialect) -> int | None:
        """An int on its way out."""
        del dialect
        return to_micros(value) if isinstance(value, datetime) else value if isinstance(value, int) else None


def to_datetime(micros: int) -> datetime:
    """UTC µs as an aware datetime, exactly."""
    return EPOCH + timedelta(microseconds=micros)


def to_micros(moment: datetime) -> int:
    """An aware datetime as UTC µs, exactly."""
    return (moment - EPOCH) // MICROSECOND


Int8 = BigInteger().with_variant(Integer(), "sqlite")
Key = Annotated[int, mapped_column(Int8, primary_key=True, autoincrement=False)]
Ref = Annotated[int, mapped_column(Int8)]
Count = Annotated[int, mapped_column(Int8, server_default=text("0"))]
Small = Annotated[int, mapped_column(Integer)]
Flag = Annotated[int, mapped_column(Integer, server_default=text("0"))]
Real = Annotated[float, mapped_column(Double().with_variant(REAL(), "sqlite"))]
Word = Annotated[str, mapped_column(Text, server_default=text("''"))]
WordKey = Annotated[str, mapped_column(Text, primary_key=True)]
Time = Annotated[int, mapped_column(Micros)]
TimeKey = Annotated[int, mapped_column(Micros, primary_key=True, autoincrement=False)]


class Base(DeclarativeBase):
    """All tables. Constraints have names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
        }
    )
    __table_args__: object = {"sqlite_strict": True}
