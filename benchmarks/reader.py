"""Somebody signed in as a browser would be: the cookies and the form token that their requests carry."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from benchmarks.client import Call, answer
from benchmarks.people import sign_in
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records.forms import SIMPLE_FIELDS
from intelhub.supervisor import LOOPBACK

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One signed-in person at one server."""

    port: int
    cookies: Mapping[str, str]
    csrf_token: str

    def get(self, path: str) -> Call:
        """A page."""
        return Call(port=self.port, path=path, cookies=self.cookies)

    def post(self, path: str, form: Mapping[str, str], *, expects: int = 303) -> Call:
        """A form sent off."""
        sent = {**form, "csrf_token": self.csrf_token}
        return Call(port=self.port, path=path, cookies=self.cookies, form=sent, expects=expects)

    def ask(self, call: Call) -> tuple[http.client.HTTPResponse, str]:
        """Send one request now and read the answer."""
        connection = http.client.HTTPConnection(LOOPBACK, call.port, timeout=60)
        response, body = answer(connection, call)
        connection.close()
        return response, body.decode()


def signed_in(units: UnitsOfWork, port: int, username: str) -> Reader:
    """Sign somebody in and fetch the form token of their session."""
    token = {"intelhub": sign_in(units, username)}
    first = Reader(port=port, cookies=token, csrf_token="")
    response, body = first.ask(first.get("/search"))
    kept = SimpleCookie(response.getheader("Set-Cookie") or "")
    found = _TOKEN.search(body)
    assert found is not None, f"the search page of {username} has no form"
    cookies = {**token, **{name: morsel.value for name, morsel in kept.items()}}
    return Reader(port=port, cookies=cookies, csrf_token=found[1])


def form_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a record as the form sends them."""
    form = {name: str(fields[name]) for name in SIMPLE_FIELDS if fields.get(name)}
    for number, subject in enumerate(fields["subjects"]):
        form.update({f"subjects-{number}-{part}": subject[part] or "" for part in ("kind", "identifier", "name")})
    return form
