"""Alembic's entry: runs the revisions inside the transaction that the caller has begun."""

from alembic import context

from deskside.foundation.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
