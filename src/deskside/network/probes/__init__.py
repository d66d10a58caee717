"""Probes: each looks at one thing and returns what it saw. None of them judges."""
