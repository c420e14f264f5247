"""The composition root: settings to running objects; the only importer of concrete classes."""

from ingestd.app.daemon import Daemon, Progress
from ingestd.app.finite import Loaded, load_file

__all__ = ["Daemon", "Loaded", "Progress", "load_file"]
