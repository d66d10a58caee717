"""Taking people over from another system: their user names, perhaps with ready password hashes."""
