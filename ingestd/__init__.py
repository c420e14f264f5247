"""ingestd records sports odds: what every price is, every change it made, and how complete that knowledge is."""

__version__ = "0.1.0"
