"""Style sheets, scripts and icons: kept by browsers for a year under an address that changes with the content.

They alone are compressed: a page that holds both a secret and words somebody else chose would give the secret away by
its length (BREACH).
"""

from __future__ import annotations

import gzip
import posixpath
from functools import cache
from http import HTTPStatus

from flask import Flask, Response, request, send_from_directory

from intelhub.platform.web.blueprint import open_to_all
from intelhub.platform.web.look import STATIC_FOLDER

_YEAR_IN_SECONDS = 31_536_000
_COMPRESSED = (".css", ".js", ".svg")


def install(app: Flask) -> None:
    """Serve the files under static/ to anybody."""
    _send.access = open_to_all("style sheets, scripts and icons hold nothing of anybody", asks_who=False)  # type: ignore[attr-defined]  # read by the gate
    app.add_url_rule("/static/<path:filename>", "static", _send, methods=["GET"])


def _send(filename: str) -> Response:
    response = send_from_directory(STATIC_FOLDER, filename)
    if filename.endswith(_COMPRESSED):
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0 and response.status_code == HTTPStatus.OK:
            response.close()  # the file it would have sent
            response.direct_passthrough = False
            response.set_data(gzipped(posixpath.normpath(filename)))  # the name it was found by
            response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_IN_SECONDS}, immutable"
    return response


@cache
def gzipped(filename: str) -> bytes:
    """The file of a normal name, compressed once a process: of other names there is no end, and anybody may ask."""
    return gzip.compress((STATIC_FOLDER / filename).read_bytes(), mtime=0)
