"""Sharing one device between several user names of one holder, and its compliance review."""
