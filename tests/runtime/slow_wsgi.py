"""The real site behind gunicorn; a request that asks for it is answered only after some seconds."""

import time
from collections.abc import Iterable
from typing import Any

from wsgi import app as site


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ.get("QUERY_STRING", "").startswith("slow="):
        time.sleep(float(environ["QUERY_STRING"].removeprefix("slow=")))
    return site(environ, start_response)
