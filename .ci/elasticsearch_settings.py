"""Settings, certificate and users of the Elasticsearch that tests talk to; with --is-up, whether it answers."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

USERS = {"searcher": "intelhub_search", "indexer": "intelhub_index", "admin": "superuser"}
ROUNDS = 10_000


def hashed(password: str) -> str:
    """A password as the file realm keeps it: PBKDF2 with HMAC-SHA-512."""
    salt = secrets.token_bytes(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, 32)
    return f"{{PBKDF2}}{ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def prepare(folder: Path, home: Path, roles: Path) -> None:
    """Write everything the server reads at its start, and `server.json` for the tests."""
    config = home / "config"
    certificate, key = config / "http.crt", config / "http.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    shutil.copy(certificate, folder / "ca.crt")
    passwords = {user: secrets.token_urlsafe(18) for user in USERS}
    (config / "users").write_text("".join(f"{user}:{hashed(password)}\n" for user, password in passwords.items()))
    (config / "users_roles").write_text("".join(f"{role}:{user}\n" for user, role in USERS.items()))
    shutil.copy(roles, config / "roles.yml")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (config / "elasticsearch.yml").write_text(
        f"""network.host: 127.0.0.1
http.port: {port}
transport.port: 0
discovery.type: single-node
path.data: {folder}/data
path.logs: {folder}/logs
cluster.routing.allocation.disk.threshold_enabled: false
xpack.security.enabled: true
xpack.security.autoconfiguration.enabled: false
xpack.security.authc.password_hashing.algorithm: pbkdf2
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.certificate: http.crt
xpack.security.http.ssl.key: http.key
"""
    )
    known = {user: f"https://{user}:{password}@127.0.0.1:{port}" for user, password in passwords.items()}
    told = {"users": known, "ca": str(folder / "ca.crt"), "home": str(home), "data": str(folder / "data")}
    (folder / "server.json").write_text(json.dumps(told))


def is_up(folder: Path) -> bool:
    """Whether the server answers its administrator."""
    known = json.loads((folder / "server.json").read_text())
    user, _, host = known["users"]["admin"].removeprefix("https://").partition("@")
    request = urllib.request.Request(f"https://{host}/_cluster/health?wait_for_status=yellow&timeout=1s")
    request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
    trust = ssl.create_default_context(cafile=known["ca"])
    try:
        with urllib.request.urlopen(request, timeout=3, context=trust) as answer:  # noqa: S310 - https
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1] == "--is-up":
        sys.exit(0 if is_up(Path(sys.argv[2])) else 1)
    prepare(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
