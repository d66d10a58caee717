"""Verifying the audit trail: what the chain and its signed heads say, as findings."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from deskside.foundation.audit import store
from deskside.foundation.audit.model import Head
from deskside.foundation.audit.rules import Flaw, examine
from deskside.foundation.audit.sealer import read_heads, signer_proof
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.findings import Finding, Status
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _, mark, ngettext

SHOWN = 50
"""Findings that are listed; a trail that was replaced as a whole would have millions."""
ARTICLE = "9006"
PATIENCE = timedelta(minutes=1)
"""How long a row may wait for the sealer before it is worth a word."""

SAYINGS: dict[str, tuple[str, str]] = {
    "audit-row-edited": (
        mark("Row {position} was edited"),
        mark("Its content is not what was sealed."),
    ),
    "audit-rows-missing": (
        mark("Rows {first} to {last} are missing"),
        mark("They were sealed and are gone."),
    ),
    "audit-rows-reordered": (
        mark("Row {position} is not in its place"),
        mark("Its content is what was sealed, but it belongs after another row."),
    ),
    "audit-chain-broken": (
        mark("Row {position} does not follow the row before it"),
        mark("Rows before it were removed, or this one was put in or edited."),
    ),
    "audit-end-cut": (
        mark("The end of the trail was cut off, from row {position} to row {last}"),
        mark("A signed head vouches for rows that are gone."),
    ),
    "audit-rewritten": (
        mark("The trail was rewritten between rows {after} and {position}"),
        mark("The rows agree with one another but not with the signed head."),
    ),
    "audit-head-missing": (
        mark("No signed head vouches for the last rows, up to row {position}"),
        mark("Every batch of rows is signed when it is sealed."),
    ),
    "audit-head-removed": (
        mark("The head of row {position} is gone from the database"),
        mark("It is still in the file that is kept apart."),
    ),
    "audit-head-forged": (
        mark("The signature on the head of row {position} is wrong"),
        mark("The head was altered after it was signed."),
    ),
    "audit-signer-unknown": (
        mark("The head of row {position} was signed by a stranger"),
        mark("No holder of this desk's keys vouches for the signature key."),
    ),
}


def verify(
    database: Database, keyring: Keyring, clock: Clock, heads_files: Sequence[Path]
) -> list[Finding]:
    """Hold the whole audit trail against its signed heads.

    Args:
        database: where the trail is.
        keyring: tells the desk's own signers from strangers.
        clock: to say how long a row has waited.
        heads_files: the heads kept apart, one file of each node; missing files count as empty.
    """
    # The files are read first: what is appended to them meanwhile is in the database already.
    kept = [(file, *read_heads(file)) for file in heads_files]
    apart = [head for _file, heads, _unreadable in kept for head in heads]
    with database.read() as connection:
        signers = store.signers(connection)
        stored = store.heads(connection)
        waiting, oldest = store.waiting(connection)

        def vouched(head: Head) -> str | None:
            proof = signers.get(head.public_key, b"")
            if not hmac.compare_digest(proof, signer_proof(keyring, head.public_key)):
                return "audit-signer-unknown"
            return None if _signed(head) else "audit-head-forged"

        end, flaws = examine(store.chain(connection), stored, apart, vouched)
    findings = [_finding(flaw) for flaw in flaws[:SHOWN]]
    findings += [_unreadable(file, lines) for file, _heads, lines in kept if lines]
    late = oldest is not None and clock.now() - oldest > PATIENCE
    if late:
        findings.append(_behind(waiting))
    if flaws:
        return findings
    if end or not waiting:
        findings.insert(0, _intact(end, len(stored), waiting))
    elif not late:
        findings.insert(0, _unsealed(waiting))
    return findings


def _signed(head: Head) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.public_key))
        key.verify(head.signature, head.statement())
    except (InvalidSignature, ValueError):
        return False
    return True


def _finding(flaw: Flaw) -> Finding:
    title, cause = SAYINGS[flaw.code]
    evidence = {"position": flaw.position, **flaw.evidence}
    return Finding(
        code=flaw.code,
        status=Status.FAILURE,
        subject="audit",
        title=_(title).format(**evidence),
        evidence=evidence,
        cause=_(cause),
        remedy=_("Keep the database as it is and compare it with the last backup."),
        article=f"{ARTICLE}#{flaw.code}",
    )


def _intact(end: int, heads: int, waiting: int) -> Finding:
    return Finding(
        code="audit-intact",
        status=Status.OK,
        subject="audit",
        title=_("The audit trail is whole"),
        evidence={"rows": end, "heads": heads, "waiting": waiting},
    )


def _unsealed(waiting: int) -> Finding:
    """Nothing can be said of a trail that no head vouches for yet."""
    return Finding(
        code="audit-unsealed",
        status=Status.NOTICE,
        subject="audit",
        title=ngettext(
            "Nothing is sealed yet; {count} row waits",
            "Nothing is sealed yet; {count} rows wait",
            waiting,
        ).format(count=waiting),
        evidence={"waiting": waiting},
        cause=_("The portal seals rows while it runs; until then nothing can be proved of them."),
        remedy=_("Start the portal (deskside serve), then verify again."),
        article=f"{ARTICLE}#audit-unsealed",
    )


def _unreadable(file: Path, lines: Sequence[int]) -> Finding:
    return Finding(
        code="audit-heads-unreadable",
        status=Status.WARNING,
        subject=str(file),
        title=_("The file of signed heads has lines that cannot be read"),
        evidence={"lines": list(lines[:20])},
        cause=_("The file was edited, or the disk is damaged."),
        remedy=_("Compare the file with its copy in the last backup."),
        article=f"{ARTICLE}#audit-heads-unreadable",
    )


def _behind(waiting: int) -> Finding:
    return Finding(
        code="audit-sealer-behind",
        status=Status.WARNING,
        subject="audit",
        title=_("Rows have waited to be sealed for more than a minute"),
        evidence={"waiting": waiting},
        cause=_("No portal is running over this database, or its sealer has trouble."),
        remedy=_("Start the portal, or look for audit.seal-failed in its log."),
        article=f"{ARTICLE}#audit-sealer-behind",
    )
