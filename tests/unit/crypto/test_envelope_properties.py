"""The algebra of seals: whatever was sealed opens, whatever was touched does not and shows nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from intelhub.crypto import (
    ContentContext,
    Kek,
    KekScope,
    SealedContent,
    Tampered,
    content_digest,
    lp,
    open_blob,
    open_part,
    rewrap,
    seal_blob,
    seal_content,
    size_class,
)
from intelhub.crypto.padding import pad, unpad

SECRET = "Phụ tùng ô tô khai sai xuất xứ".encode()
scopes = st.builds(
    KekScope, level=st.integers(0, 3), compartments=st.lists(st.uuids(), max_size=4), department_id=st.uuids()
)
part_maps = st.dictionaries(st.text(min_size=1, max_size=8), st.binary(max_size=600), min_size=1, max_size=3)


def make_kek(scope: KekScope, version: int = 1) -> Kek:
    return Kek(id=uuid4(), scope=scope, version=version, key=os.urandom(32))


def make_context(scope: KekScope, **other: object) -> ContentContext:
    context = ContentContext(
        table="records",
        object_id=uuid4(),
        level=scope.level,
        compartments=scope.compartments,
        department_id=scope.department_id,
        content_version=1,
        schema_version=1,
    )
    return replace(context, **other)  # type: ignore[arg-type]


def refused(kek: Kek, context: ContentContext, sealed: SealedContent, part: str) -> None:
    with pytest.raises(Tampered) as refusal:
        open_part(kek, context, sealed, part)
    said = f"{refusal.value!r} {refusal.value.__cause__!r} {refusal.value.message.parameters}"
    assert SECRET.decode() not in said
    assert kek.key.hex() not in said
    assert refusal.value.__cause__ is None


@given(scopes, part_maps)
def test_what_was_sealed_opens(scope: KekScope, parts: dict[str, bytes]) -> None:
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, parts)
    assert {part: open_part(kek, context, sealed, part) for part in parts} == parts
    assert sealed.digest == content_digest(sealed.ciphertexts)


@given(scopes, st.data())
def test_one_flipped_bit_anywhere_is_found(scope: KekScope, data: st.DataObject) -> None:
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, {"body": SECRET})

    def flipped(value: bytes) -> bytes:
        bit = data.draw(st.integers(0, len(value) * 8 - 1))
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    altered_body = flipped(sealed.ciphertexts["body"])
    refused(kek, context, replace(sealed, ciphertexts={"body": altered_body}), "body")
    refused(kek, context, replace(sealed, wrapped_dek=flipped(sealed.wrapped_dek)), "body")
    assert content_digest({"body": altered_body}) != sealed.digest


@given(scopes, st.data())
def test_truncation_and_extension_are_found(scope: KekScope, data: st.DataObject) -> None:
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, {"body": SECRET})
    body, wrap = sealed.ciphertexts["body"], sealed.wrapped_dek
    tail = data.draw(st.binary(min_size=1, max_size=20))
    for altered in (body[: data.draw(st.integers(0, len(body) - 1))], body + tail):
        refused(kek, context, replace(sealed, ciphertexts={"body": altered}), "body")
    for altered in (wrap[: data.draw(st.integers(0, len(wrap) - 1))], wrap + tail):
        refused(kek, context, replace(sealed, wrapped_dek=altered), "body")
    refused(kek, context, replace(sealed, ciphertexts={}), "body")


ALTERATIONS: dict[str, Callable[[ContentContext], ContentContext]] = {
    "table": lambda c: replace(c, table="record_drafts"),
    "object": lambda c: replace(c, object_id=uuid4()),
    "level down": lambda c: replace(c, level=(c.level - 1) % 4),
    "impossible level": lambda c: replace(c, level=-7),
    "compartment added": lambda c: replace(c, compartments=[*c.compartments, uuid4()]),
    "compartments dropped": lambda c: replace(c, compartments=[] if c.compartments else [uuid4()]),
    "department": lambda c: replace(c, department_id=uuid4()),
    "content version": lambda c: replace(c, content_version=c.content_version - 1),
    "schema version": lambda c: replace(c, schema_version=c.schema_version + 1),
}


@pytest.mark.parametrize("altered", ALTERATIONS)
@given(scopes)
def test_a_relabelled_row_is_unreadable(altered: str, scope: KekScope) -> None:
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, {"body": SECRET})
    other = ALTERATIONS[altered](context)
    refused(kek, other, sealed, "body")
    # Even a key that claims the altered scope does not help: the seal itself is bound to the label.
    claimed = object.__new__(KekScope)
    for name in ("level", "compartments", "department_id"):
        object.__setattr__(claimed, name, getattr(other, name))
    refused(replace(kek, scope=claimed), other, sealed, "body")


@given(scopes)
def test_parts_cannot_be_swapped_or_mixed(scope: KekScope) -> None:
    kek, context = make_kek(scope), make_context(scope)
    one = seal_content(kek, context, {"head": b"head", "body": SECRET})
    swapped = {"head": one.ciphertexts["body"], "body": one.ciphertexts["head"]}
    refused(kek, context, replace(one, ciphertexts=swapped), "head")
    refused(kek, context, replace(one, ciphertexts=swapped), "body")
    # An older text of the same version number, and the wrap of a neighbour.
    two = seal_content(kek, context, {"head": b"head", "body": b"another"})
    refused(kek, context, replace(one, ciphertexts=two.ciphertexts), "body")
    refused(kek, context, replace(one, wrapped_dek=two.wrapped_dek), "body")


@given(scopes)
def test_another_key_does_not_open_it(scope: KekScope) -> None:
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, {"body": SECRET})
    refused(make_kek(scope), context, sealed, "body")
    refused(replace(kek, key=os.urandom(32)), context, sealed, "body")
    refused(replace(kek, id=uuid4()), context, sealed, "body")
    moved = replace(sealed, kek_id=uuid4())
    refused(replace(kek, id=moved.kek_id), context, moved, "body")


@given(scopes, part_maps)
def test_rewrapping_changes_the_wrap_alone(scope: KekScope, parts: dict[str, bytes]) -> None:
    old, new, context = make_kek(scope), make_kek(scope, 2), make_context(scope)
    sealed = seal_content(old, context, parts)
    rotated = rewrap(old, new, context, sealed)
    assert rotated == replace(sealed, kek_id=new.id, wrapped_dek=rotated.wrapped_dek)
    assert content_digest(rotated.ciphertexts) == sealed.digest
    assert {part: open_part(new, context, rotated, part) for part in parts} == parts
    for part in parts:
        refused(old, context, rotated, part)


@given(scopes, scopes)
def test_rewrapping_never_relabels(scope: KekScope, other: KekScope) -> None:
    assume(scope != other)
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, {"body": SECRET})
    with pytest.raises(ValueError, match="new content version"):
        rewrap(kek, make_kek(other), context, sealed)
    with pytest.raises(ValueError, match="another level"):
        seal_content(make_kek(other), context, {"body": SECRET})


@given(scopes)
def test_the_same_text_twice_looks_different(scope: KekScope) -> None:
    kek, context = make_kek(scope), make_context(scope)
    one, two = (seal_content(kek, context, {"body": SECRET}) for _ in range(2))
    assert one.ciphertexts["body"] != two.ciphertexts["body"]
    assert SECRET not in one.ciphertexts["body"]


@given(st.binary(max_size=9000))
def test_padding_comes_off_again(text: bytes) -> None:
    padded = pad(text)
    assert unpad(padded) == text
    assert len(padded) == size_class(len(text))
    assert len(padded) % (256 if len(padded) <= 4096 else 4096) == 0


@given(st.integers(0, 9000), st.integers(0, 9000))
def test_ciphertexts_tell_the_size_class_alone(one: int, two: int) -> None:
    key = os.urandom(32)
    same = len(seal_blob(key, b"a" * one, context=b"")) == len(seal_blob(key, b"b" * two, context=b""))
    assert same == (size_class(one) == size_class(two))


@given(st.binary(max_size=600))
def test_bytes_that_are_no_padding_are_refused(noise: bytes) -> None:
    try:
        text = unpad(noise)
    except Tampered:
        return
    assert pad(text) == noise


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_framing_tells_every_list_from_every_other(one: list[bytes], two: list[bytes]) -> None:
    assert (lp(*one) == lp(*two)) == (one == two)


@given(st.binary(max_size=600), st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_a_blob_opens_in_its_context_alone(text: bytes, context: bytes, other: bytes, data: st.DataObject) -> None:
    key = os.urandom(32)
    blob = seal_blob(key, text, context=context)
    assert open_blob(key, blob, context=context) == text
    changed = bytearray(blob)
    changed[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    attempts = [(key, bytes(changed), context), (os.urandom(32), blob, context), (key, blob[:-1], context)]
    attempts += [(key, b"", context)] + ([(key, blob, other)] if other != context else [])
    for attempt_key, attempt, attempt_context in attempts:
        with pytest.raises(Tampered):
            open_blob(attempt_key, attempt, context=attempt_context)


def test_scopes_do_not_depend_on_the_order_of_compartments() -> None:
    a, b, department = UUID(int=1), UUID(int=2), UUID(int=3)
    assert KekScope(level=1, compartments=[b, a, b], department_id=department) == KekScope(
        level=1, compartments=frozenset({a, b}), department_id=department
    )
    for level in (-1, 4):
        with pytest.raises(ValueError, match="0 to 3"):
            KekScope(level=level, compartments=(), department_id=department)


@pytest.mark.parametrize("parts", [{}, {"": b"text"}])
def test_content_without_named_parts_is_a_mistake(parts: dict[str, bytes]) -> None:
    scope = KekScope(level=0, compartments=(), department_id=uuid4())
    with pytest.raises(ValueError, match="at least one part"):
        seal_content(make_kek(scope), make_context(scope), parts)


def test_keys_and_texts_are_never_printed() -> None:
    scope = KekScope(level=0, compartments=(), department_id=uuid4())
    kek, context = make_kek(scope), make_context(scope)
    sealed = seal_content(kek, context, {"body": SECRET})
    assert repr(kek.key) not in repr(kek)
    assert "ciphertexts" not in repr(sealed)
