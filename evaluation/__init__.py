"""The application factory: the only place that knows everybody."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Wires settings, extensions, pages, commands and background work together."""
    from config import CHECKOUT, from_environment
    from evaluation import connections, logs, tasks
    from evaluation import models as _tables  # noqa: F401  every table must be known to the migrations
    from evaluation.extensions import babel, csrf, db, login_manager, migrate
    from evaluation.language import init_language
    from evaluation.web import (
        access,
        admin_port,
        errors,
        headers,
        limits,
        nameless,
        navigation,
        outages,
        presentation,
        request_log,
        years,
    )

    app = Flask(__name__, root_path=str(CHECKOUT), template_folder="templates", static_folder="static")
    app.config.from_mapping(from_environment(config))
    logs.configure(app.config["LOG_FORMAT"])
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    if app.config["PROXY_HOPS"]:
        hops = app.config["PROXY_HOPS"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    db.init_app(app)
    connections.register(app)
    migrate.init_app(app, db, directory=str(CHECKOUT / "migrations"), compare_type=True)
    csrf.init_app(app)
    login_manager.init_app(app)
    init_language(app, babel)
    tasks.init_celery(app)

    presentation.register(app)
    errors.register(app)
    outages.register(app)
    request_log.register(app)
    access.register(app)
    headers.register(app)
    navigation.register(app)
    years.register(app)
    nameless.register(app)
    for module in _modules("evaluation.web"):
        if hasattr(module, "blueprint"):
            app.register_blueprint(module.blueprint)
    limits.register(app)
    for module in _modules("evaluation.cli"):
        if hasattr(module, "commands"):
            app.cli.add_command(module.commands)
    admin_port.register(app)
    return app


def _modules(package: str) -> Iterator[ModuleType]:
    for found in iter_modules(import_module(package).__path__, f"{package}."):
        yield import_module(found.name)
