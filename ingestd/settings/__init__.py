"""Settings: a YAML or JSON file, the environment over it, secrets from files; frozen, and every problem told at once."""

from ingestd.settings.alerts import AlertSettings
from ingestd.settings.changes import Changes, Configuration, changes
from ingestd.settings.load import DEFAULT_FILE, HasOptions, feed_options, load, load_all, read_tree, secrets_of, validate_feeds
from ingestd.settings.model import (
    BatchSettings,
    HttpSettings,
    JournalSettings,
    LogSettings,
    RetentionSettings,
    SentrySettings,
    Settings,
    ShutdownSettings,
    SourceSettings,
    SpanSettings,
    StoreSettings,
)
from ingestd.settings.schema import json_schema

__all__ = [
    "DEFAULT_FILE",
    "AlertSettings",
    "BatchSettings",
    "Changes",
    "Configuration",
    "HasOptions",
    "HttpSettings",
    "JournalSettings",
    "LogSettings",
    "RetentionSettings",
    "SentrySettings",
    "Settings",
    "ShutdownSettings",
    "SourceSettings",
    "SpanSettings",
    "StoreSettings",
    "changes",
    "feed_options",
    "json_schema",
    "load",
    "load_all",
    "read_tree",
    "secrets_of",
    "validate_feeds",
]
