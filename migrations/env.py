"""How Alembic finds the application's database and what its models say."""

import logging
from logging.config import fileConfig

from alembic import context
from flask import current_app
from sqlalchemy import NullPool, create_engine

config = context.config
fileConfig(config.config_file_name, disable_existing_loggers=False)
logger = logging.getLogger("alembic.env")
database = current_app.extensions["migrate"].db


def leave_out_empty(_context, _revision, directives):
    """No migration is written when nothing changed."""
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []
        logger.info("No changes in schema detected.")


def run_offline():
    """Prints the SQL of the migrations."""
    context.configure(
        url=current_app.config["OWNER_DATABASE_URI"],
        target_metadata=database.metadata,
        literal_binds=True,
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
        context.configure(connection=connection, target_metadata=database.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
