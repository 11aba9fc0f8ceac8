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
from contextlib import ExitStack
from pathlib import Path

USERS = {"searcher": "intelhub_search", "indexer": "intelhub_index", "admin": "superuser"}
ROUNDS = 10_000


def hashed(password: str) -> str:
    """A password as the file realm keeps it: PBKDF2 with HMAC-SHA-512."""
    salt = secrets.token_bytes(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, 32)
    return f"{{PBKDF2}}{ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def prepare(folder: Path, home: Path, roles: Path, nodes: int) -> None:
    """Write everything the nodes read at their start, and `server.json` for the tests."""
    first = folder / "node-1" / "config"
    first.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(first / "own.key"),
            "-out", str(first / "own.crt"),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    shutil.copy(first / "own.crt", folder / "ca.crt")
    passwords = {user: secrets.token_urlsafe(18) for user in USERS}
    (first / "users").write_text("".join(f"{user}:{hashed(password)}\n" for user, password in passwords.items()))
    (first / "users_roles").write_text("".join(f"{role}:{user}\n" for user, role in USERS.items()))
    shutil.copy(roles, first / "roles.yml")
    for name in ("jvm.options", "log4j2.properties"):
        shutil.copy(home / "config" / name, first / name)
    ports = free_ports(2 * nodes)
    for number in range(1, nodes + 1):
        own = folder / f"node-{number}" / "config"
        if own != first:
            shutil.copytree(first, own, dirs_exist_ok=True)
        (own / "elasticsearch.yml").write_text(settings_of(folder, number, ports))
    hosts = [f"127.0.0.1:{port}" for port in ports[:nodes]]
    known = {user: [f"https://{user}:{password}@{host}" for host in hosts] for user, password in passwords.items()}
    told = {"users": known, "ca": str(folder / "ca.crt"), "home": str(home), "data": str(folder / "node-1" / "data")}
    (folder / "server.json").write_text(json.dumps(told))


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def settings_of(folder: Path, number: int, ports: list[int]) -> str:
    """The settings of a node; the first alone can lead, so that the others may come and go."""
    nodes = len(ports) // 2
    found = (
        "discovery.type: single-node"
        if nodes == 1
        else f"""cluster.initial_master_nodes: node-1
discovery.seed_hosts: 127.0.0.1:{ports[nodes]}
node.roles: [{"master, data" if number == 1 else "data"}]"""
    )
    return f"""{found}
node.name: node-{number}
network.host: 127.0.0.1
http.port: {ports[number - 1]}
transport.port: {ports[nodes + number - 1]}
path.data: {folder}/node-{number}/data
path.logs: {folder}/node-{number}/logs
cluster.routing.allocation.disk.threshold_enabled: false
xpack.security.enabled: true
xpack.security.autoconfiguration.enabled: false
xpack.security.authc.password_hashing.algorithm: pbkdf2
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.certificate: own.crt
xpack.security.http.ssl.key: own.key
xpack.security.transport.ssl.enabled: true
xpack.security.transport.ssl.verification_mode: certificate
xpack.security.transport.ssl.certificate: own.crt
xpack.security.transport.ssl.key: own.key
xpack.security.transport.ssl.certificate_authorities: own.crt
"""


def is_up(folder: Path) -> bool:
    """Whether every node answers the administrator and belongs to the whole."""
    known = json.loads((folder / "server.json").read_text())
    addresses = known["users"]["admin"]
    trust = ssl.create_default_context(cafile=known["ca"])
    for address in addresses:
        user, _, host = address.removeprefix("https://").partition("@")
        asked = f"https://{host}/_cluster/health?wait_for_status=yellow&wait_for_nodes={len(addresses)}&timeout=1s"
        request = urllib.request.Request(asked)
        request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=3, context=trust) as answer:  # noqa: S310 - https
                if json.loads(answer.read())["timed_out"]:
                    return False
        except OSError:
            return False
    return True


if __name__ == "__main__":
    if sys.argv[1] == "--is-up":
        sys.exit(0 if is_up(Path(sys.argv[2])) else 1)
    prepare(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
