"""Verifying one's identity anew before a sensitive task."""
