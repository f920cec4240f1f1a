"""Years in addresses and questions: one that no calendar of ours has is a page that does not exist."""

from typing import Any

from flask import Flask, abort, request

from evaluation import clock

FIRST_YEAR, LAST_YEAR = 2012, 2200  # the oldest rulebook is of 2012


def register(app: Flask) -> None:
    """Refuses every address whose year is beyond these before its view is asked."""

    @app.url_value_preprocessor
    def _only_years(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and not FIRST_YEAR <= values.get("year", FIRST_YEAR) <= LAST_YEAR:
            abort(404)


def chosen_year() -> int:
    """The year asked for behind the question mark, else the present one."""
    year = request.args.get("year", clock.today().year, type=int)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        abort(404)
    return year
