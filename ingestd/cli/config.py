"""The configuration as a command sees it: file, environment, and what its own options override."""

import os
from pathlib import Path

from ingestd.settings import Settings, StoreSettings
from ingestd.settings import load as load_settings


def settings(path: Path | None, store: str = "") -> Settings:
    """Raises ConfigError with every problem; ``store`` replaces the store's URL."""
    found = load_settings(path, os.environ)
    if not store:
        return found
    return found.model_copy(update={"store": StoreSettings.model_validate({"url": store, "schema": found.store.schema_name})})
