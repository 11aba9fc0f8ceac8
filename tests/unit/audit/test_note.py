import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from intelhub.audit import offline_verifier
from intelhub.audit.note import Checkpoint, NoteKey, NoteRejected, open_checkpoint, open_note, sign_note
from intelhub.crypto import verify_checkpoint

# golang.org/x/mod/sumdb/note, its own example: a key and the note it signed.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey(name="intelhub/test/audit/1", public_key=PRIVATE.public_key().public_bytes_raw())
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(origin=KEY.name, size=7, root=ROOT)


def signed(body: str = CHECKPOINT.body(), key: NoteKey = KEY) -> str:
    return sign_note(body, key, PRIVATE.sign)


def test_a_note_signed_by_go_opens():
    assert open_note(GO_NOTE, NoteKey.parse(GO_KEY), verify_checkpoint).startswith("If you think")


def test_a_note_signed_by_go_is_broken_by_one_letter():
    with pytest.raises(NoteRejected, match="does not fit"):
        open_note(GO_NOTE.replace("answer", "Answer"), NoteKey.parse(GO_KEY), verify_checkpoint)


def test_a_checkpoint_has_the_lines_of_the_format():
    assert signed().split("\n")[:4] == [KEY.name, "7", base64.b64encode(ROOT).decode(), ""]
    assert open_checkpoint(signed(), KEY, verify_checkpoint) == CHECKPOINT


def test_the_key_survives_being_written_down():
    assert NoteKey.parse(str(KEY)) == KEY


def test_witnesses_sign_beside_the_log():
    witness = NoteKey(name="witness.example", public_key=KEY.public_key)
    line = signed(key=witness).split("\n\n")[1]
    assert open_checkpoint(signed() + line, KEY, verify_checkpoint) == CHECKPOINT
    assert open_note(signed() + line, witness, verify_checkpoint) == CHECKPOINT.body()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        CHECKPOINT.body(),
        signed()[:-1],
        signed().replace("— ", "- "),
        signed().replace("\n7\n", "\n8\n"),
        signed().replace("\n7\n", "\n07\n"),
        signed() + "\n",
        signed().replace("\n7\n", "\n7\r\n"),
        sign_note("another/log\n7\n" + base64.b64encode(ROOT).decode() + "\n", KEY, PRIVATE.sign),
        sign_note(KEY.name + "\n-7\n" + base64.b64encode(ROOT).decode() + "\n", KEY, PRIVATE.sign),
        sign_note(KEY.name + "\n7\n" + base64.b64encode(ROOT[:31]).decode() + "\n", KEY, PRIVATE.sign),
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_rejected_by_both_readers(note):
    with pytest.raises(NoteRejected):
        open_checkpoint(note, KEY, verify_checkpoint)
    with pytest.raises(offline_verifier.BrokenLog):
        offline_verifier.read_checkpoint(note, offline_verifier.read_key(str(KEY)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "a b+00000000+AAAA",
        str(KEY).replace("+AQ", "+Ag"),
        str(KEY).replace("test", "toast"),
    ],
)
def test_what_is_no_key_is_rejected_by_both_readers(text):
    with pytest.raises(NoteRejected):
        NoteKey.parse(text)
    with pytest.raises(offline_verifier.BrokenLog):
        offline_verifier.read_key(text)


# RFC 8032, 7.1: tests 1, 2, 3 and SHA(abc).
@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_the_verifier_agrees_with_rfc_8032(public, message, signature):
    key, text, written = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert offline_verifier.ed25519_holds(key, written, text)
    assert not offline_verifier.ed25519_holds(key, written, text + b"x")
    # The same signature with its number made larger by the group's order would fit too, were it not refused.
    number = int.from_bytes(written[32:], "little") + offline_verifier.L
    assert not offline_verifier.ed25519_holds(key, written[:32] + number.to_bytes(32, "little"), text)


@given(st.binary(max_size=200), st.integers(0, 63), st.integers(1, 255))
def test_the_verifier_agrees_with_the_library(message, at, flip):
    public = PRIVATE.public_key().public_bytes_raw()
    signature = PRIVATE.sign(message)
    assert offline_verifier.ed25519_holds(public, signature, message)
    bent = bytes(byte ^ flip if place == at else byte for place, byte in enumerate(signature))
    assert not offline_verifier.ed25519_holds(public, bent, message)
    assert not verify_checkpoint(public, bent, message)


@pytest.mark.parametrize(
    "encoded", [b"\xff" * 32, b"\x00" * 31, bytes([2]) + bytes(31), bytes([1]) + bytes(30) + b"\x80"]
)
def test_the_verifier_refuses_points_that_are_none(encoded):
    assert offline_verifier.decompress(encoded) is None
