"""What the operator decided of the store, out of the portal's configuration."""

from __future__ import annotations

from deskside.foundation.config import Config
from deskside.workspace.portal_store.model import StoredKind, StoreRules
from deskside.workspace.retention import Keeping

_THINNED = {
    "opaque": frozenset({StoredKind.OPAQUE, StoredKind.SEALED}),
    "all": frozenset(StoredKind),
    "none": frozenset[StoredKind](),
}


def store_rules(config: Config) -> StoreRules:
    """Quota and retention as configured."""
    return StoreRules(
        quota=config.number("settings.quota") * 1_000_000,
        thin=_THINNED[config.text("settings.thin")],
        keeping=Keeping(
            everything=config.span("settings.keep_all"),
            hourly=config.span("settings.keep_hourly"),
            daily=config.span("settings.keep_daily"),
        ),
    )
