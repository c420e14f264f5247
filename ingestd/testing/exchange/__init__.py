"""A local exchange that makes up prices for ever: demo, load generator and, with its pure model, oracle."""
