"""A real daemon in a process of its own, what became of its frames, and trials that kill it or take its store away."""
