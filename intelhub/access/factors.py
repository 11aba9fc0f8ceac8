"""Passwords, one-time codes and recovery codes as mechanisms; nothing here reads or writes a table.

No secret, code or password may be logged, put into an error or compared other than in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import secrets
import unicodedata
from datetime import datetime

import pyotp
import segno
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from markupsafe import Markup

from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
FEWEST_DISTINCT = 5
RECOVERY_CODES = 10
TOTP_STEP_SECONDS = 30
TOTP_DIGITS = 6
_STEPS_ASIDE = (0, -1, 1)
_TOKEN_BYTES = 32
_CODE_BYTES = 10

# Argon2id above the minimum of OWASP ASVS 5.0, appendix C (46 MiB, one pass); eight at once fit into 400 MB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=47104, parallelism=1)
_HASH_OF_NOTHING = _HASHER.hash(secrets.token_urlsafe(_TOKEN_BYTES))

_COMMON = frozenset(
    {
        "password", "passw0rd", "matkhau", "haiquan", "customs", "intelhub", "vietnam", "welcome", "administrator",
        "admin", "qwerty", "qwertyuiop", "asdfghjkl", "letmein", "iloveyou", "abc", "abcdef", "abcdefgh", "monkey",
        "dragon", "football", "baokhonglo", "anhyeuem", "emyeuanh", "khongbiet", "tongcuc", "kiemsoat", "buonlau",
    }
)  # fmt: skip
"""Words that are a password's whole idea in lists of common ones; digits and marks around them do not help."""


def hash_password(password: str) -> str:
    """Argon2id (RFC 9106) over the NFKC form, with its salt and parameters."""
    return _HASHER.hash(_normalised(password))


def is_password(stored_hash: str | None, typed: str) -> bool:
    """Whether this is the password; without a stored hash the same work is done and the answer is no."""
    if len(typed) > LONGEST_PASSWORD:
        typed = typed[:LONGEST_PASSWORD] + "\0"  # never a password, and no long work for whoever sends megabytes
    try:
        _HASHER.verify(stored_hash or _HASH_OF_NOTHING, _normalised(typed))
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


def needs_rehash(stored_hash: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored_hash)


def check_new_password(password: str, username: str) -> None:
    """Refuse a password that is short, long, common, monotonous or holds the username; raises `RuleRefused`."""
    normalised = _normalised(password)
    folded = normalised.casefold()
    core = folded.strip("0123456789!@#$%^&*()-_=+.,?;: ")
    if len(normalised) < SHORTEST_PASSWORD:
        said = Message("Use at least %(count)d characters; a sentence of a few words is best.", {"count": 12})
    elif len(normalised) > LONGEST_PASSWORD:
        said = Message("Use at most %(count)d characters.", {"count": LONGEST_PASSWORD})
    elif core in _COMMON or not core or len(set(folded)) < FEWEST_DISTINCT or _is_row(folded):
        said = Message("This password is among the first that others would try. Choose another one.")
    elif username and username.casefold() in folded:
        said = Message("The password must not contain the username.")
    else:
        return
    raise RuleRefused(said, rule="password_rule", fields={"password": (said,)})


def new_token() -> tuple[str, bytes]:
    """A session token of 256 random bits for the cookie, and the SHA-256 of it for the table."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return token, token_digest(token)


def token_digest(token: str) -> bytes:
    """SHA-256 of a token; enough without a key, because nobody guesses 256 bits."""
    return hashlib.sha256(token.encode()).digest()


def new_code() -> str:
    """A code to type once: 80 random bits in four groups of four letters and figures."""
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def code_digest(key: bytes, purpose: bytes, code: str) -> bytes:
    """HMAC-SHA256 of a typed code, spaces and hyphens and case left aside; `key` comes from the session root."""
    bare = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hmac.digest(key, purpose + b"\0" + bare.encode(), "sha256")


def new_totp_secret() -> str:
    """A secret of 160 bits in base32 (RFC 4226, R6)."""
    return pyotp.random_base32()


def totp_address(secret: str, username: str) -> str:
    """The `otpauth://` address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="intelhub")


def qr_picture(address: str) -> Markup:
    """The address as a picture to scan: an `<svg>` without styles, black on white in every theme."""
    drawn: str = segno.make(address, error="m", micro=False).svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - numbers of a drawing, and nothing of the address as text


def matching_step(secret: str, typed: str, moment: datetime) -> int | None:
    """The time step (RFC 6238, 30 s) whose code was typed, one step to either side allowed; None if there is none."""
    code = "".join(letter for letter in typed if not letter.isspace())
    totp = pyotp.TOTP(secret, digits=TOTP_DIGITS)
    current = int(moment.timestamp()) // TOTP_STEP_SECONDS
    found = None
    for aside in _STEPS_ASIDE:
        # All are compared, so that the time taken does not tell which one fits.
        is_match = hmac.compare_digest(totp.generate_otp(current + aside).encode(), code.encode())
        if is_match and found is None:
            found = current + aside
    return found


def is_totp_form(typed: str) -> bool:
    """Whether what was typed looks like a one-time code rather than a recovery code."""
    bare = "".join(letter for letter in typed if not letter.isspace())
    return len(bare) == TOTP_DIGITS and bare.isascii() and bare.isdigit()


def _normalised(password: str) -> str:
    # One keyboard sends composed letters and another decomposed ones: the person typed the same.
    return unicodedata.normalize("NFKC", password)


def _is_row(folded: str) -> bool:
    """Whether each letter follows or repeats the one before it, as in 123456789012 or abcdefghijkl."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(folded)}
    return steps <= {1, -9} or steps <= {-1, 9} or steps <= {0}
