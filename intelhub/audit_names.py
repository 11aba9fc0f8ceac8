"""Who people and units are, for the pages of the audit log, which stands below them and knows only their ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from intelhub import access, organisation
from intelhub.audit import Directory, Named
from intelhub.platform.actor import Actor

_FOUND = 20
_PAGE = 200
_MOST_PAGES = 25


def find_people(actor: Actor, session: Session, typed: str, locale: str) -> Sequence[Named]:
    """People whose username begins with what was typed, or whose name holds words that begin with its words."""
    del locale
    username, words = typed.strip().lower(), [f" {word}" for word in organisation.fold(typed).split()]
    if not words:
        return ()
    exact = access.find_person(actor, session, username)
    found = {exact.id: _person(exact)} if exact else {}
    after = None
    for _ in range(_MOST_PAGES):
        people = access.list_people(actor, session, only_active=False, after=after, limit=_PAGE)
        for person in people:
            name = f" {organisation.fold(person.display_name)}"
            if person.username.startswith(username) or all(word in name for word in words):
                found.setdefault(person.id, _person(person))
            if len(found) == _FOUND:
                return tuple(found.values())
        if len(people) < _PAGE:
            break
        after = (people[-1].sort_key, people[-1].id)
    return tuple(found.values())


def names_of(actor: Actor, session: Session, ids: Collection[UUID], locale: str) -> Mapping[UUID, Named]:
    """The people with these ids, closed accounts too."""
    del locale
    if not ids:
        return {}
    people = access.list_people(actor, session, ids=ids, only_active=False, limit=max(len(ids), 1))
    return {person.id: _person(person) for person in people}


def find_units(actor: Actor, session: Session, typed: str, locale: str) -> Sequence[Named]:
    """Units of any day by code or name, with or without diacritics."""
    del actor
    units = organisation.load_directory(session).ever.search(typed, limit=_FOUND)
    return tuple(_unit(unit, locale) for unit in units)


def unit_names_of(actor: Actor, session: Session, ids: Collection[UUID], locale: str) -> Mapping[UUID, Named]:
    """The units with these ids, as they stand or last stood."""
    del actor
    ever = organisation.load_directory(session).ever
    found = (ever.find(one) for one in ids)
    return {unit.id: _unit(unit, locale) for unit in found if unit is not None}


def refusal_units_of(actor: Actor, session: Session) -> frozenset[UUID]:
    """Every unit of the departments where this actor's duty is to see what was refused, those taken over included."""
    directory = organisation.load_directory(session)
    tree = directory.as_of(organisation.today())
    watched = [post for post in actor.posts if access.may(replace(actor, posts=(post,)), "audit.read_refusals")]
    units = {unit for post in watched for unit in tree.descendants(post.department_id)}
    return directory.with_predecessors(units)


def permission_words(permission: str) -> str | None:
    """A permission's sentence without its full stop, in the reader's language."""
    sentence = access.PERMISSIONS.get(permission)
    return None if sentence is None else str(gettext(sentence)).removesuffix(".")


def way_to_explain(actor: Actor) -> str | None:
    """Where security officers have decisions explained."""
    return url_for("access.explain_this") if access.may(actor, "decision.explain") else None


DIRECTORY = Directory(
    find_people=find_people,
    names_of=names_of,
    find_units=find_units,
    unit_names_of=unit_names_of,
    refusal_units_of=refusal_units_of,
    permission_words=permission_words,
    way_to_explain=way_to_explain,
)


def _person(person: access.Person) -> Named:
    return Named(id=person.id, code=person.username, name=person.display_name)


def _unit(unit: organisation.Unit, locale: str) -> Named:
    return Named(id=unit.id, code=unit.code, name=unit.short_label(locale))
