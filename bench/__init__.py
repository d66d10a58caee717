"""Measured comparisons. `make bench` prints our figures; `make bench-peers` peers beside them."""
