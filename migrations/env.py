"""How Alembic runs here: always inside the connection and transaction that bot/db/migrate.py hands over."""

from alembic import context

from bot.db.models import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run `aftercare migrate`: migrations need its connection, its transaction and its checks.")

context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
