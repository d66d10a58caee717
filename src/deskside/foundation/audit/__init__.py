"""What happened, kept so that nobody can change it unseen.

Rows append freely, from any node. One sealer chains them in batches and signs the head of
the chain, which is kept apart as well, so that edits, removals, reordering and a cut end are
found by `deskside admin audit verify`.
"""
