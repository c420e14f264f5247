"""How long ``make properties`` looks."""

from hypothesis import settings

settings.register_profile("properties", max_examples=1_000)
