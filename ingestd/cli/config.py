"""The configuration as a command sees it: file, environment, and what its own options override."""

import os
from pathlib import Path

from ingestd.settings import Settings
from ingestd.settings import load as load_settings


def settings(path: Path | None, store: str = "") -> Settings:
    """Raises ConfigError with every problem; ``store`` replaces the store's URL."""
    return load_settings(path, {**os.environ, "INGESTD_STORE_URL": store} if store else os.environ)
