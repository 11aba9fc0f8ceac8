"""Files are compressed for browsers that ask for it; pages, which hold secrets beside others' words, never are."""

from __future__ import annotations

import gzip

import pytest

from intelhub.platform.web import static_files
from intelhub.platform.web.look import STATIC_FOLDER, asset_url


def test_a_style_sheet_comes_compressed_and_whole(app, client):
    with app.test_request_context():
        address = asset_url("app.css")
    plain = client.get(address, buffered=True)
    packed = client.get(address, headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == (STATIC_FOLDER / "app.css").read_bytes()
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert packed.headers["Content-Type"] == plain.headers["Content-Type"]
    assert "Accept-Encoding" in packed.vary
    assert "Accept-Encoding" in plain.vary


def test_a_browser_that_refuses_compression_gets_none(client):
    assert (
        "Content-Encoding"
        not in client.get("/static/app.js", headers={"Accept-Encoding": "gzip;q=0"}, buffered=True).headers
    )


def test_what_a_browser_kept_is_not_sent_again(client):
    etag = client.get("/static/app.js", headers={"Accept-Encoding": "gzip"}, buffered=True).headers["ETag"]
    again = client.get("/static/app.js", headers={"Accept-Encoding": "gzip", "If-None-Match": etag}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("address", ["/sign-in", "/"])
def test_no_page_is_compressed(client_as, address):
    page = client_as("officer").get(address, headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in page.headers


def test_a_file_that_is_not_there_is_nobody_s(client):
    assert client.get("/static/../app.py").status_code == client.get("/static/nothing.css").status_code == 404


@pytest.mark.parametrize("name", ["nowhere/../app.js", "./app.js", "./././app.js", "vendor/../app.js"])
def test_roundabout_names_of_a_file_are_kept_once(client, name):
    """Names are endless: whoever is not even signed in could fill the memory with copies of one file."""
    client.get("/static/app.js", headers={"Accept-Encoding": "gzip"}, buffered=True)
    before = static_files.gzipped.cache_info().currsize
    packed = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert packed.status_code == 200
    assert gzip.decompress(packed.data) == (STATIC_FOLDER / "app.js").read_bytes()
    assert static_files.gzipped.cache_info().currsize == before
