"""Every key of the configuration, with its default and its meaning; spans are seconds, amounts are bytes once read."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, SecretStr, field_validator, model_validator

from ingestd.settings.alerts import AlertSettings
from ingestd.settings.part import Part, Secret
from ingestd.settings.units import Bytes, Seconds, hinted

STORES: Final = ("sqlite:///", "postgresql://")
PASSWORD: Final = re.compile(r"(://[^/@:]*:)([^?]+)(?=@)|([?&]password=)([^&]+)")
"""Where a URL may hold one: between user and host (up to the last ``@``: people forget to escape), or in the query."""

DSN: Final = re.compile(r"https?://[^/@\s]+@[^/@\s]+/(?:\S*/)?\d+")


def _known_store(url: str) -> str:
    if not url.startswith(STORES) or url in STORES:
        raise hinted("is of no known kind", "write sqlite:///path/to/file.db or postgresql://user:password@host/database")
    return url


class RetentionSettings(Part):
    """How long the store keeps what is over; null: for ever."""

    history: Seconds | None = Field(None, gt=0, description="prices of the past with their coverage and flags, by whole months")
    incidents: Seconds | None = Field(
        90 * 86_400.0, gt=0, description="incidents, runs that ended and rejects that are not open, since they were last heard of"
    )


class StoreSettings(Part):
    """Where facts live."""

    url: Annotated[str, Secret(), AfterValidator(_known_store)] = Field(
        "sqlite:///var/ingestd.db",
        repr=False,
        description="sqlite:///path (from the working folder) or postgresql://user:password@host/database",
    )
    schema_name: str = Field(
        "public", alias="schema", pattern="^[a-z_][a-z0-9_]{0,62}$", description="PostgreSQL schema of the tables: small letters, digits, _"
    )
    retention: RetentionSettings = Field(default_factory=RetentionSettings, description="how long it keeps what is over")

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return PASSWORD.sub(r"\1\3***", self.url)

    @property
    def passwords(self) -> list[str]:
        """What ``shown`` leaves out, as it is written in the URL."""
        return [match[2] or match[4] for match in PASSWORD.finditer(self.url)]


class JournalSettings(Part):
    """The durable log of everything received."""

    path: Path = Field(Path("var/journal"), description="folder of the journal, on a local disk")
    limit: Bytes = Field(10 * 2**30, description="bytes on disk at which reading pauses until the store has caught up")
    reserve: Bytes = Field(2**30, description="bytes of the disk that are left free for the store")
    retain: Seconds = Field(7 * 86_400.0, description="how long frames stay after the store has them")
    segment: Bytes = Field(64 * 2**20, ge=2**20, description="bytes at which a new segment file begins, 1MiB or more")

    @model_validator(mode="after")
    def _room_for_segments(self) -> Self:
        if self.limit < 2 * self.segment:
            raise hinted("is less than two segments", "raise journal.limit or lower journal.segment", "limit")
        return self


class BatchSettings(Part):
    """How much one transaction takes."""

    rows: int = Field(5_000, ge=1, le=100_000, description="rows of one batch, about; 1 to 100000")
    pace: Seconds = Field(0.010, le=10, description="pause between two commits, 10s or less")


class HttpSettings(Part):
    """Health and metrics."""

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 opens it to the network, without a login")
    port: int = Field(8001, ge=0, le=65_535, description="port to listen on, 0 to 65535; 0 takes any free one")


Level = Literal["debug", "info", "warning", "error"]
Area = Literal[
    "alert",
    "batch",
    "breaker",
    "budget",
    "bug",
    "config",
    "daemon",
    "frame",
    "intake",
    "journal",
    "library",
    "market",
    "row",
    "run",
    "source",
    "store",
]
"""What facts are about: the first words of what the log can say."""


class LogSettings(Part):
    """What the daemon says, and where."""

    format: Literal["auto", "json", "text"] = Field("auto", description="json, text, or auto: text in a terminal, else json")
    level: Level = Field("info", description="the least that is said")
    levels: dict[Area, Level] = Field(default_factory=dict, description="another level for an area, e.g. {source: debug, library: error}")
    file: Path | None = Field(None, description="also write to this file, which rotates; left out: to stderr alone")
    file_size: Bytes = Field(32 * 2**20, ge=2**16, description="bytes at which the file is put aside, 64KiB or more")
    file_count: int = Field(5, ge=1, le=1_000, description="files put aside that stay, 1 to 1000")


def _dsn(dsn: SecretStr | None) -> SecretStr | None:
    if dsn is not None and not DSN.fullmatch(dsn.get_secret_value()):
        raise hinted("is no DSN", "copy it from the project's settings in Sentry: https://key@host/number")
    return dsn


class SentrySettings(Part):
    """Errors to Sentry."""

    dsn: Annotated[SecretStr | None, AfterValidator(_dsn)] = Field(None, description="where errors go; left out: nowhere")
    environment: str = Field("production", min_length=1, max_length=64, description="which installation it is, for Sentry")


class ShutdownSettings(Part):
    """How the daemon ends."""

    deadline: Seconds = Field(25.0, ge=1, description="time to drain after SIGTERM or Ctrl-C, 1s or more")


class SpanSettings(Part):
    """How far back the last image of a source may lie."""

    time: Seconds = Field(3_600.0, gt=0, description="time since the last image of everything")
    bytes: Bytes = Field(256 * 2**20, gt=0, description="bytes since the last image of everything")


class BookBounds(Part):
    """What is usual for the prices of a bookmaker."""

    overround_min: float = Field(0.98, gt=0, description="lowest overround of a whole market; 1 is fair")
    overround_max: float = Field(1.40, gt=1, description="highest overround of a whole market")
    jump: float = Field(3.0, gt=1, description="factor by which a price may move while its peers stand still")


class ExchangeBounds(BookBounds):
    """The same for the best offers of an exchange, which may lie far apart."""

    overround_min: float = Field(0.95, gt=0, description="lowest overround of a whole market; 1 is fair")
    overround_max: float = Field(2.0, gt=1, description="highest overround of a whole market")
    jump: float = Field(10.0, gt=1, description="factor by which a price may move while its peers stand still")


class SourceBounds(Part):
    """What is usual for one source, whoever it quotes; left out: as ``validation`` says."""

    overround_min: float | None = Field(None, gt=0, description="lowest overround of a whole market; 1 is fair")
    overround_max: float | None = Field(None, gt=1, description="highest overround of a whole market")
    jump: float | None = Field(None, gt=1, description="factor by which a price may move while its peers stand still")


class ValidationSettings(Part):
    """When a market is flagged, and what is kept for analysis."""

    book: BookBounds = Field(default_factory=BookBounds, description="of bookmakers")
    exchange: ExchangeBounds = Field(default_factory=ExchangeBounds, description="of exchanges")
    prediction: ExchangeBounds = Field(default_factory=ExchangeBounds, description="of prediction markets")
    start_passed: Seconds = Field(86_400.0, gt=0, description="how long after its start an event may be said to be yet to come")
    audit_duplicates: bool = Field(
        False, description="keep every duplicate in quarantine, as category duplicate; for analysis, not for good"
    )


class QuarantineSettings(Part):
    """What could not be taken, and is tried again."""

    max_attempts: int = Field(5, ge=1, le=1_000, description="retries of one record before it takes --force, 1 to 1000")


class SourceSettings(Part):
    """A feed, configured and named. Keys that are not of this class are the feed's own ``options``, judged by ``validate_feeds``."""

    name: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="name of the source: letters, digits, . _ -")
    feed: str = Field(min_length=1, description="which provider's code reads it")
    enabled: bool = Field(True, description="false: configured, not run")
    silence_limit: Seconds | None = Field(
        None, gt=0, description="without a byte for so long the link counts as dead; left out: as the feed says"
    )
    give_up_after: Seconds | None = Field(
        None, gt=0, description="stop trying to connect after so long and park the source; left out: never"
    )
    max_delta_span: SpanSettings = Field(default_factory=SpanSettings, description="ask for a fresh image when the last lies further back")
    validation: SourceBounds = Field(default_factory=SourceBounds, description="when its markets are flagged")
    options: dict[str, JsonValue] = Field(default_factory=dict, repr=False, description="the feed's own options")

    @model_validator(mode="before")
    @classmethod
    def _split_options(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        own = {key: value for key, value in data.items() if key in cls.model_fields and key != "options"}
        return own | {"options": {key: value for key, value in data.items() if key not in own}}


class Settings(Part):
    """The whole configuration."""

    store: StoreSettings = Field(default_factory=StoreSettings, description="where facts live")
    journal: JournalSettings = Field(default_factory=JournalSettings, description="the durable log of everything received")
    batch: BatchSettings = Field(default_factory=BatchSettings, description="how much one transaction takes")
    http: HttpSettings = Field(default_factory=HttpSettings, description="health and metrics")
    log: LogSettings = Field(default_factory=LogSettings, description="what the daemon says")
    sentry: SentrySettings = Field(default_factory=SentrySettings, description="errors to Sentry")
    alerts: AlertSettings = Field(default_factory=AlertSettings, description="when somebody is told, and where")
    shutdown: ShutdownSettings = Field(default_factory=ShutdownSettings, description="how the daemon ends")
    validation: ValidationSettings = Field(default_factory=ValidationSettings, description="when a market is flagged")
    quarantine: QuarantineSettings = Field(default_factory=QuarantineSettings, description="what could not be taken")
    sources: tuple[SourceSettings, ...] = Field(
        default_factory=lambda: (SourceSettings(name="demo", feed="simulated"),), description="what is recorded"
    )
    precedence: tuple[str, ...] = Field(
        (), description="whose word counts first where sources differ: names of sources; left out: as they stand in sources"
    )

    @model_validator(mode="after")
    def _history_outlives_journal(self) -> Self:
        if self.store.retention.history is not None and self.store.retention.history < self.journal.retain:
            hint = "raise it, or lower journal.retain: a replay of the journal needs the history from before its frames"
            raise hinted("is less than journal.retain", hint, "store.retention.history")
        return self

    @property
    def preferred(self) -> tuple[str, ...]:
        """Names of sources, from the one whose word counts first."""
        return self.precedence or tuple(source.name for source in self.sources)

    @field_validator("sources")
    @classmethod
    def _names_differ(cls, sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        seen: dict[str, int] = {}
        for index, source in enumerate(sources):
            other = seen.setdefault(env_word(source.name), index)
            if other != index:
                problem = f"{source.name!r} is also the name of sources[{other}]"
                raise hinted(problem, "give each source its own name", f"[{index}].name")
        return sources


def env_word(name: str) -> str:
    """A name as a part of an environment variable's: capitals, and ``_`` for what is neither letter nor digit."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
