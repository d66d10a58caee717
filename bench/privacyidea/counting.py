"""Statements and commits of one log-in at the peer: run by the peer's own Python.

    PRIVACYIDEA_CONFIGFILE=… python counting.py USER PIN

Prints a question, reads the answer from standard input, prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from typing import Any

import sqlalchemy
from privacyidea.app import create_app  # type: ignore[import-not-found]
from sqlalchemy import event

seen: Counter[str] = Counter()


@event.listens_for(sqlalchemy.engine.Engine, "before_cursor_execute")
def _statement(*_what: object) -> None:
    seen["statements"] += 1


@event.listens_for(sqlalchemy.engine.Engine, "commit")
def _commit(*_what: object) -> None:
    seen["commits"] += 1


def main() -> None:
    """Both requests, counted from the second log-in on."""
    user, pin = sys.argv[1:3]
    settings = os.environ["PRIVACYIDEA_CONFIGFILE"]
    client = create_app(config_name="production", config_file=settings, silent=True).test_client()

    def check(**fields: str) -> Any:
        return client.post("/validate/check", data={"user": user, **fields}).json

    for _turn in range(2):
        seen.clear()
        detail = check(**{"pass": pin})["detail"]
        given = detail.get("attributes") or detail["multi_challenge"][0]["attributes"]
        print(given["challenge"], flush=True)
        answer = sys.stdin.readline().strip()
        done = check(**{"pass": answer, "transaction_id": detail["transaction_id"]})
        assert done["result"]["value"] is True
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
