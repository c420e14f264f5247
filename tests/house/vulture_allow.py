"""Names that look unused to vulture because somebody outside calls them; each with who."""

from ingestd.settings.load import _Loader
from ingestd.telemetry.logger import _Libraries
from ingestd.telemetry.metrics import Metrics

_Loader.construct_mapping  # PyYAML
_Libraries.emit  # logging
Metrics.collect  # prometheus_client
