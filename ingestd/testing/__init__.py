"""What speaks like a provider, and what says what the tables must hold: for our tests and for those of whoever writes a feed."""
