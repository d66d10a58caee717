"""privacyIDEA beside us: an environment of its own, an instance of its own, over its own API.

It is AGPL-3.0-or-later and run as a peer: installed from PyPI when the benchmark runs, with the
pins that its own wheel ships, and nothing of it is copied.
"""
