"""Proxy scripts (PAC): which proxy they give for each far end.

choices      what a script's answer says; pure
looking      the script is fetched, and asked about every far end
engine       the script runs, in a process of its own that has little to lose
"""
