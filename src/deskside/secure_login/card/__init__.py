"""The holder's side of a Digital Security Card+, simulated: its file, its keys, its display."""
