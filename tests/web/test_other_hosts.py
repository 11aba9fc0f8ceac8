"""A request for a host that is not ours is turned away with one line and no page."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost@elsewhere", "a b"])
@pytest.mark.parametrize("address", ["/", "/readyz", "/records", "/nothing/there"])
def test_a_host_that_is_not_ours_gets_one_line(client_as, host, address):
    answer = client_as("officer").get(address, headers={"Host": host})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert len(answer.data) < 60
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_form_for_another_host_is_not_read(client_as):
    officer = client_as("officer")
    token = officer.token()
    answer = officer.post(
        "/records/new", data={"csrf_token": token, "text": "x"}, headers={"Host": "elsewhere.example"}
    )
    assert answer.status_code == 400
