"""The configuration as a command sees it: file, environment, and what its own options override."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from ingestd.settings import HasOptions, Settings, load_all
from ingestd.settings import load as load_settings


def settings(path: Path | None, store: str = "") -> Settings:
    """Raises ConfigError with every problem; ``store`` replaces the store's URL."""
    return load_settings(path, {**os.environ, "INGESTD_STORE_URL": store} if store else os.environ)


def checked(path: Path | None, feeds: Mapping[str, HasOptions[BaseModel]]) -> tuple[Settings, dict[str, BaseModel]]:
    """The same, and the options of every source by its name, once they are known to be good as well."""
    return load_all(path, os.environ, feeds)
