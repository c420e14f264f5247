"""The command line: words to calls, errors to exit codes. Heavy imports wait until a command needs them."""
