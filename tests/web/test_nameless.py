"""Parts of forms without a name."""

from typing import Any

import pytest
from flask import Flask

from tests import factories

NAMELESS = b"--x\r\nContent-Disposition: %s\r\n\r\n1\r\n--x--\r\n"


@pytest.mark.parametrize(
    "head", [b"probe", b"form-data", b'form-data; filename="a"', b'attachment; filename="a.pdf"']
)
def test_a_part_without_a_name_is_refused_and_nobody_stumbles(
    head: bytes, app: Flask, database: Any, client: Any, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    login(client, factories.office().lan)
    for path in ("/reports/1/draft", "/login", "/imports/new/PEOPLE", "/nowhere"):
        answer = client.post(path, data=NAMELESS % head, content_type="multipart/form-data; boundary=x")
        assert answer.status_code in (400, 404), path
