"""Writing a record: the form, its autosave, check-your-answers and the submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.organisation import find_unit_meant, load_tree
from intelhub.platform import clock
from intelhub.platform.errors import Conflict, RuleRefused, StaleVersion
from intelhub.platform.web import current_actor, current_session, keep_work, needs
from intelhub.platform.web.look import format_clock, say
from intelhub.records.forms import FormErrors, fields_from_form, values_for_form
from intelhub.records.identifiers import IdentifierProblem, normalise
from intelhub.records.service import drafting
from intelhub.records.validation import IDENTIFIED_KINDS, check_content
from intelhub.records.views import blueprint
from intelhub.records.views.reading import compartments_held, read_version
from intelhub.records.views.two_windows import both_versions, sent_meanwhile
from intelhub.records.views.words import choices


def _row_version() -> int:
    return read_version(request.form.get("row_version", "")) or 0


def _draft_key() -> UUID:
    """What makes the saves of one empty form one draft: the key the form was given, or a new one for a new form."""
    try:
        return UUID(request.form.get("draft_key", ""))
    except ValueError:
        return uuid4()


def _own_units() -> list[tuple[str, str]]:
    """The units this person may write for, when there are several to choose from."""
    tree, locale = load_tree(current_actor(), current_session()), str(get_locale())
    units = dict.fromkeys(post.unit_id for post, _ in drafting.list_writing_posts(current_actor()))
    choices_of_units = [(tree.get(one).code, tree.get(one).short_label(locale)) for one in units]
    return choices_of_units if len(choices_of_units) > 1 else []


def _labels() -> dict[str, str]:
    """What the summary of errors calls a field."""
    return {
        "text": gettext("What you saw, heard or found"), "abstract": gettext("Abstract"), "topic": gettext("Topic"),
        "method": gettext("Method"), "subjects": gettext("Subjects"), "place_unit": gettext("Unit of the place"),
        "learned_at": gettext("When you learned it"), "happened_from": gettext("It happened from"),
        "happened_to": gettext("It happened until"), "channel": gettext("Channel"), "source": gettext("Source"),
        "level": gettext("Proposed level"), "list_item": gettext("Item of the list"),
        "level_reason": gettext("Reason for a lower level"),
        "compartments": gettext("Compartments"),
        "handling": gettext("Handling code"), "handling_conditions": gettext("Conditions in words"),
        "plan_item": gettext("Plan item"), "outside_plan": gettext("Plan item"), "urgency": gettext("Urgency"),
    }  # fmt: skip


def _page_level(fields: Mapping[str, Any]) -> int:
    """The level a draft's page is marked with: the proposed one, or the ceiling while none is proposed."""
    return drafting.draft_level(current_actor(), fields)


def _levels() -> list[tuple[str, str]]:
    ceiling = drafting.writing_ceiling(current_actor())
    return [(code, words) for code, words in choices("level") if int(code) <= ceiling]


def _typed_fields() -> dict[str, Any]:
    """What was typed; a place that is named so that one unit alone can be meant becomes the code of that unit."""
    fields = fields_from_form(request.form)
    unit = find_unit_meant(current_session(), fields["place_unit"] or "")
    return {**fields, "place_unit": unit.code} if unit else fields


def _form_page(
    fields: dict[str, Any],
    *,
    record_id: UUID | None,
    row_version: int,
    errors: FormErrors | None = None,
    is_returned: bool = False,
    standing_level: int = 0,
    comment: str = "",
    kept: frozenset[UUID] = frozenset(),
) -> str:
    values = values_for_form(fields)
    return render_template(
        "records/form.html",
        page_level=max(_page_level(fields) if fields else 0, standing_level),
        values=values,
        errors=errors or FormErrors(by_field={}),
        labels=_labels(),
        own_units=_own_units() if record_id is None else [],
        record_id=record_id,
        draft_key=_draft_key() if record_id is None else None,
        row_version=row_version,
        is_returned=is_returned,
        standing_level=standing_level,
        comment=comment,
        levels=_levels(),
        compartments=compartments_held(),
        kept_compartments=[str(one) for one in kept],
        choices=choices,
        now_local=values_for_form({"learned_at": clock.now().isoformat()})["learned_at"],
        subject_rows=max(len(values["subjects"]) + 1, 2),
    )


@blueprint.get("/records/new", access=needs("record.create"))
def new_record() -> ResponseReturnValue:
    """The empty form."""
    return _form_page({}, record_id=None, row_version=0)


@blueprint.post("/records/new", access=needs("record.create"))
def begin_record() -> ResponseReturnValue:
    """Keep what was typed as a draft, then go on as the pressed button says."""
    actor, session = current_actor(), current_session()
    unit = load_tree(actor, session).find(request.form.get("unit", ""))
    unit_id = unit.id if unit is not None else None
    record_id = drafting.id_of_new_draft(actor, _draft_key(), unit_id)
    fields = _typed_fields()
    try:
        row = drafting.begin_draft(actor, session, record_id, fields, unit_id=unit_id)
    except StaleVersion as stale:
        return both_versions(record_id, fields, stale)
    except Conflict as sent:
        return sent_meanwhile(record_id, fields, sent)
    except RuleRefused as refused:
        return _refused_saving(fields, None, refused)
    return _after_saving(row.id, row.row_version)


@blueprint.get("/records/<uuid:record_id>/edit", access=needs("record.edit"))
def edit_record(record_id: UUID) -> ResponseReturnValue:
    """The form with the author's newest words."""
    draft = drafting.open_draft(current_actor(), current_session(), record_id)
    comment = drafting.find_return_comment(current_actor(), current_session(), record_id) if draft.is_returned else ""
    return _form_page(
        dict(draft.fields),
        record_id=record_id,
        row_version=draft.row_version,
        is_returned=draft.is_returned,
        standing_level=draft.standing_level,
        comment=comment,
        kept=draft.kept_compartments,
    )


@blueprint.post("/records/<uuid:record_id>/edit", access=needs("record.edit"))
def save_record(record_id: UUID) -> ResponseReturnValue:
    """Keep the draft; a draft that another window changed shows both versions and loses neither."""
    actor, session = current_actor(), current_session()
    fields = _typed_fields()
    try:
        row = drafting.save_draft(actor, session, record_id, _row_version(), fields)
    except StaleVersion as stale:
        return both_versions(record_id, fields, stale)
    except Conflict as sent:
        return sent_meanwhile(record_id, fields, sent)
    except RuleRefused as refused:
        return _refused_saving(fields, record_id, refused)
    return _after_saving(record_id, row.row_version)


def _after_saving(record_id: UUID, row_version: int) -> ResponseReturnValue:
    pressed = request.form.get("do", "save")
    if pressed == "autosave":
        return {
            "row_version": row_version,
            "saved": gettext("saved %(time)s", time=format_clock(clock.now())),
            "action": url_for("records.save_record", record_id=record_id),
        }
    if pressed == "check":
        return redirect(url_for("records.check_record", record_id=record_id), 303)
    flash(gettext("The draft is saved. Nobody but you can read it."), "good")
    return redirect(url_for("records.edit_record", record_id=record_id), 303)


@blueprint.get("/records/<uuid:record_id>/check", access=needs("record.submit"))
def check_record(record_id: UUID) -> ResponseReturnValue:
    """Check your answers before they go up; what needs another word goes back to the form."""
    actor, session = current_actor(), current_session()
    draft = drafting.open_draft(actor, session, record_id)
    codes = load_tree(actor, session).codes
    try:
        content = check_content(draft.fields, now=clock.now(), unit_codes=codes, standing_level=draft.standing_level)
    except RuleRefused as refused:
        keep_work()
        return _refused_form(draft, refused)
    return render_template(
        "records/check.html",
        page_level=max(content.level, draft.standing_level),
        content=content,
        standing_level=draft.standing_level,
        record_id=record_id,
        row_version=draft.row_version,
    )


def _refused_form(draft: drafting.Draft, refused: RuleRefused) -> ResponseReturnValue:
    page = _form_page(
        dict(draft.fields),
        record_id=draft.record_id,
        row_version=draft.row_version,
        errors=_errors_of(refused),
        standing_level=draft.standing_level,
        kept=draft.kept_compartments,
    )
    return page, 422


def _errors_of(refused: RuleRefused) -> FormErrors:
    return FormErrors(by_field=refused.fields or {"": (refused.message,)})


def _refused_saving(fields: dict[str, Any], record_id: UUID | None, refused: RuleRefused) -> ResponseReturnValue:
    """Nothing was kept: what was typed stays in the form, and an autosave says why."""
    if request.form.get("do") == "autosave":
        return {"message": say(refused.message)}, 422
    if record_id is None:
        return _form_page(fields, record_id=None, row_version=0, errors=_errors_of(refused)), 422
    current_session().rollback()  # the refusal may have come half-way
    draft = drafting.open_draft(current_actor(), current_session(), record_id)
    keep_work()  # that reading stays logged
    return _refused_form(replace(draft, fields=fields), refused)


@blueprint.post("/records/<uuid:record_id>/submit", access=needs("record.submit"))
def submit_record(record_id: UUID) -> ResponseReturnValue:
    """Send the checked draft to the leader of the unit."""
    actor, session = current_actor(), current_session()
    try:
        drafting.submit_record(actor, session, record_id, _row_version())
    except RuleRefused as refused:
        draft = drafting.open_draft(actor, session, record_id)
        keep_work()  # showing it again is a reading that stays logged
        return _refused_form(draft, refused)
    flash(gettext("The record has been sent to the leader of your unit."), "good")
    return redirect(url_for("records.show_record", record_id=record_id), 303)


@blueprint.post("/records/<uuid:record_id>/discard", access=needs("record.edit"))
def discard_draft(record_id: UUID) -> ResponseReturnValue:
    """Drop what was never sent."""
    drafting.discard_draft(current_actor(), current_session(), record_id, _row_version())
    flash(gettext("The draft is discarded."), "good")
    return redirect(url_for("records.home"), 303)


@blueprint.post("/records/identifiers", access=needs("record.create"))
def check_identifier() -> ResponseReturnValue:
    """Say how an identifier is written in its standard form, or what is wrong with it; nothing is kept."""
    number = request.form.get("number", "")
    kind = request.form.get(f"subjects-{number}-kind", "")
    typed = request.form.get(f"subjects-{number}-identifier", "").strip()
    if not typed or kind not in IDENTIFIED_KINDS:
        return render_template("records/_identifier.html", problem=None, identifier=None)
    found = normalise(kind, typed)
    if isinstance(found, IdentifierProblem):
        return render_template("records/_identifier.html", problem=found.message, identifier=None)
    return render_template("records/_identifier.html", problem=None, identifier=found)
