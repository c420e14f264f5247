"""Alerts: rules over what is seen, what follows for people, and channels that carry it to them."""
