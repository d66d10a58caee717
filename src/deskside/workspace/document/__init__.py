"""The settings file as a document: its elements, what differs, what merges. Pure, no I/O."""
