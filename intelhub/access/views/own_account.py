"""One's own account: open sessions, the password and one-time codes. Nobody sees or changes another's here."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.access.credentials import confirm_totp, describe_factors, enrol_totp, set_password
from intelhub.access.domain import TotpEnrolment
from intelhub.access.queries import list_sessions
from intelhub.access.sign_in import end_other_sessions, end_session
from intelhub.access.views import blueprint
from intelhub.access.views.places import place_words
from intelhub.access.views.session_cookie import drop_token, web_access
from intelhub.access.views.words import strength_words
from intelhub.platform.errors import RuleRefused, TooManyRequests
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, keep_work, needs, signed_in

_OWN_PROOF = "everybody who is signed in proves who they are with means of their own"


@blueprint.get("/account", access=needs("session.manage_own"))
def list_own_sessions() -> ResponseReturnValue:
    """Where one is signed in, and with what one signs in."""
    actor, session = current_actor(), current_session()
    return render_template(
        "access/account.html",
        sessions=list_sessions(actor, session, limits=web_access().limits),
        factors=describe_factors(actor, session),
        place_words=place_words,
        strength_words=strength_words,
    )


@blueprint.post("/account/sessions/<uuid:session_id>/end", access=needs("session.manage_own"))
def end_own_session(session_id: UUID) -> ResponseReturnValue:
    """End one session; ending this one is signing out."""
    actor = current_actor()
    end_session(actor, current_session(), session_id)
    if session_id == actor.session_id:
        response = drop_token(make_response(redirect(url_for(".sign_in_page"), 303)))
        flash(gettext("You are signed out."), "good")
        return response
    flash(gettext("The session is ended."), "good")
    return redirect(url_for(".list_own_sessions"), 303)


@blueprint.post("/account/sessions/end-others", access=needs("session.manage_own"))
def end_others() -> ResponseReturnValue:
    """End every session but this one."""
    count = end_other_sessions(current_actor(), current_session())
    flash(gettext("%(count)s other sessions are ended.", count=count), "good")
    return redirect(url_for(".list_own_sessions"), 303)


@blueprint.get("/account/password", access=signed_in(_OWN_PROOF))
def password_page() -> ResponseReturnValue:
    """Where one changes the password."""
    return _password_form()


@blueprint.post("/account/password", access=signed_in(_OWN_PROOF))
def change_password() -> ResponseReturnValue:
    """Change the password; every session ends, so that whoever knew the old one is out."""
    typed = request.form
    if typed.get("password", "") != typed.get("repeated", ""):
        return _password_form(("repeated", Message("The two passwords differ. Type the new one twice."))), 422
    try:
        set_password(
            current_actor(), current_session(), current=typed.get("current", ""), new=typed.get("password", "")
        )
    except (RuleRefused, TooManyRequests) as refused:
        keep_work()  # the count of wrong tries stays
        return _password_form(*sentences_of(refused)), int(refused.status)
    response = drop_token(make_response(redirect(url_for(".sign_in_page", by="password"), 303)))
    flash(gettext("Your password is changed. Sign in with the new one."), "good")
    return response


@blueprint.get("/account/codes", access=signed_in(_OWN_PROOF))
def codes_page() -> ResponseReturnValue:
    """Where setting up one-time codes begins."""
    return _codes_form("begin")


@blueprint.post("/account/codes", access=signed_in(_OWN_PROOF))
def begin_codes() -> ResponseReturnValue:
    """Show a new secret once, to be scanned; nothing changes until its first code is typed."""
    try:
        enrolment = enrol_totp(current_actor(), current_session(), password=request.form.get("current", ""))
    except (RuleRefused, TooManyRequests) as refused:
        keep_work()  # the count of wrong tries stays
        return _codes_form("begin", *sentences_of(refused)), int(refused.status)
    return _codes_form("scan", enrolment=enrolment)


@blueprint.post("/account/codes/confirm", access=signed_in(_OWN_PROOF))
def confirm_codes() -> ResponseReturnValue:
    """Put the codes in force and show the recovery codes this once."""
    try:
        codes = confirm_totp(current_actor(), current_session(), code=request.form.get("code", ""))
    except RuleRefused as refused:
        # The secret is not shown a second time: somebody else may stand at this screen by now.
        return _codes_form("type", *sentences_of(refused)), int(refused.status)
    return render_template("access/recovery_codes.html", codes=codes)


def sentences_of(refused: RuleRefused | TooManyRequests) -> list[tuple[str, Message]]:
    """What a refusal says, each sentence with the field it is about."""
    fields = getattr(refused, "fields", {})
    return [(name, said) for name, sentences in fields.items() for said in sentences] or [("", refused.message)]


def _password_form(*errors: tuple[str, Message]) -> str:
    return render_template("access/password.html", errors=list(errors))


def _codes_form(step: str, *errors: tuple[str, Message], enrolment: TotpEnrolment | None = None) -> str:
    return render_template(
        "access/codes.html",
        step=step,
        errors=list(errors),
        factors=describe_factors(current_actor(), current_session()),
        enrolment=enrolment,
    )
