"""The doctor: every check that applies to this computer, and checks of its own."""
