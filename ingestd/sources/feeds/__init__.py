"""One file or folder per provider; feeds do not know each other."""
