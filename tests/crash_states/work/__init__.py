"""The product's own work, as scenarios."""
