"""Files as a transport: recordings read once, and folders watched for new, grown and replaced files."""

from ingestd.sources.transports.files.reading import check as check
from ingestd.sources.transports.files.recording import recorded as recorded
