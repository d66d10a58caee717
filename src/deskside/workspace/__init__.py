"""TWS settings: saved, restored, and carried from one computer to another."""
