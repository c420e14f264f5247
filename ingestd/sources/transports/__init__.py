"""How bytes come and go; no transport knows a provider."""
