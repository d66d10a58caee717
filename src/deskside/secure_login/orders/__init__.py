"""Ordering a device that is posted, its activation in time, its replacement and its return."""
