"""Size classes: ciphertext tells roughly how long a text is, never exactly.

Steps of 256 bytes to 4 KiB, steps of 4 KiB above; the true length stands sealed in front of the text.
"""

from __future__ import annotations

from intelhub.crypto.refusals import tampered

_LENGTH_BYTES = 4
_FINE_STEP = 256
_COARSE_STEP = 4096


def size_class(length: int) -> int:
    """How many bytes a plaintext of this length takes up once padded."""
    needed = length + _LENGTH_BYTES
    step = _FINE_STEP if needed <= _COARSE_STEP else _COARSE_STEP
    return -(-needed // step) * step


def pad(plaintext: bytes) -> bytes:
    """Put the length in front and fill up with zeros to the size class; raises `OverflowError` from 4 GiB."""
    framed = len(plaintext).to_bytes(_LENGTH_BYTES, "big") + plaintext
    return framed.ljust(size_class(len(plaintext)), b"\0")


def unpad(padded: bytes) -> bytes:
    """Take out the text again; raises `Tampered` if the padding is not exactly what `pad` makes."""
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    end = _LENGTH_BYTES + length
    if len(padded) < _LENGTH_BYTES or len(padded) != size_class(length) or padded.count(0, end) != len(padded) - end:
        raise tampered()
    return padded[_LENGTH_BYTES:end]
