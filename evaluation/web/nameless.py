"""A part of a form without a name is no form of ours: what reads forms after us trusts that every field has one."""

from typing import Any

from flask import Flask, abort, request


def register(app: Flask) -> None:
    """Refuses it before the protection against forged forms looks for its own field."""

    @app.url_value_preprocessor
    def _only_names(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and (
            None in request.form or None in request.files
        ):
            abort(400)
