"""A text as a picture that a phone reads."""

from __future__ import annotations


def svg(text: str) -> str:
    """An SVG element for a page: dark on white in light and dark, as cameras want it."""
    import segno

    made = segno.make(text, error="m")
    return made.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=False)
