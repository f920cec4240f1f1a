"""How Alembic finds the application's database and what its models say."""

import logging
from logging.config import fileConfig

from alembic import context, op
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import NullPool, create_engine, text

config = context.config
fileConfig(config.config_file_name, disable_existing_loggers=False)
logger = logging.getLogger("alembic.env")
database = current_app.extensions["migrate"].db


def leave_out_empty(_context, _revision, directives):
    """No migration is written when nothing changed."""
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []
        logger.info("No changes in schema detected.")


def keep_evidence(*tables):
    """Called by a step back that would drop what proves something: refused while there is any, unless it was asked for."""
    if context.is_offline_mode() or context.get_x_argument(as_dictionary=True).get("evidence") == "drop":
        return
    for table in tables:
        if op.get_bind().scalar(text(f"select exists (select from {table})")):
            raise CommandError(
                f"The table {table} holds evidence that this step back would drop: restore a backup of the older version instead, "
                "or give -x evidence=drop if it may be lost. Nothing was changed."
            )


def run_offline():
    """Prints the SQL of the migrations."""
    context.configure(
        url=current_app.config["OWNER_DATABASE_URI"],
        target_metadata=database.metadata,
        literal_binds=True,
        keep_evidence=keep_evidence,
    )
    with context.begin_transaction():
        context.run_migrations()


def owner():
    """The engine of the role that owns the tables; pages and jobs connect as another, which may not change them."""
    return create_engine(current_app.config["OWNER_DATABASE_URI"], poolclass=NullPool)


def run_online():
    """Runs the migrations in one transaction."""
    options = current_app.extensions["migrate"].configure_args
    options.setdefault("process_revision_directives", leave_out_empty)
    with owner().connect() as connection:
        context.configure(
            connection=connection, target_metadata=database.metadata, keep_evidence=keep_evidence, **options
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
