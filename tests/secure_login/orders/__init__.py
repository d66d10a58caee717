"""Ordering devices, and the end of their lives."""
