"""Webhooks as a transport: the provider posts to us, and has its receipt once the journal has what it posted."""

from ingestd.sources.transports.webhook.options import WebhookOptions as WebhookOptions
from ingestd.sources.transports.webhook.receiver import Receiver as Receiver
from ingestd.sources.transports.webhook.receiver import WebhookSession as WebhookSession
