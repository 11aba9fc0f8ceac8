"""Who a client of the search server says it is."""

from __future__ import annotations

import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from intelhub.search.elastic import SearchServer, connect


@pytest.fixture
def heard():
    """A server on the loopback address, and what it was told of the one who asks."""
    told = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            told.append(self.headers["Authorization"])
            self.send_response(200)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *said):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, told
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("searcher:a%40b", f"Basic {b64encode(b'searcher:a@b').decode()}"),
        ("api-key:a2V5%3D%3D", "ApiKey a2V5=="),
    ],
)
def test_an_address_carries_a_user_or_an_api_key(heard, user, said):
    port, told = heard
    client = connect(f"http://{user}@127.0.0.1:{port}")
    assert SearchServer(client).answers()
    client.close()
    assert told == [said]
