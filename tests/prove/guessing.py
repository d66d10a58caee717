"""Nothing but the time of a failure: is it enough to tell which user names exist?"""

from __future__ import annotations

from pathlib import Path

from bench.enumeration import LEAST, MOST, measured


def batch(_seed: int, count: int, folder: Path) -> dict[str, int]:
    """So many attempts of each kind; the areas under the curve in thousandths."""
    result = measured(folder, count)
    assert result["answers"] == 1, "failures have more than one face"
    for kind, value in result["auc"].items():
        assert LEAST <= value <= MOST, f"{kind}: AUC {value:.3f}"
    told = {f"AUC of {kind}, ‰": round(value * 1000) for kind, value in result["auc"].items()}
    return {"attempts": 4 * count, **told}
