"""The pages of the workstation's tools."""

from __future__ import annotations

from typing import Any


def local_pages() -> list[Any]:
    """On this computer."""
    from deskside.workstation.api_components import local_pages as api_components
    from deskside.workstation.doctor import local_pages as doctor

    return [*api_components.handlers(), *doctor.handlers()]
