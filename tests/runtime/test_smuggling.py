"""A message that claims two lengths is refused by the server, so that nothing hides behind another's request."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import wait_for

pytestmark = pytest.mark.runtime

SITE = """
def app(environ, answer):
    answer('200 OK', [('Content-Length', '2')])
    return [b'ok']
"""
DOUBTFUL = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Bad: a\rb\r\n\r\n",
)


@pytest.mark.parametrize("message", DOUBTFUL, ids=["both", "two lengths", "unknown coding", "bare return"])
def test_a_message_with_two_lengths_is_refused(message: bytes, tmp_path: Path, free_port: int) -> None:
    (tmp_path / "two_words.py").write_text(SITE)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "two_words:app", "--bind", f"127.0.0.1:{free_port}", "--worker-class", "gthread"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: _listens(free_port), "the server")
        with socket.create_connection(("127.0.0.1", free_port), 10) as line:
            line.sendall(message)
            answer = b""
            while part := line.recv(4096):
                answer += part
        assert answer.count(b"HTTP/1.1 200") == 0, answer
        assert answer.count(b"HTTP/1.1 ") <= 1
    finally:
        server.terminate()
        server.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
