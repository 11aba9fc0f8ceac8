"""Signing in and out, staying, and choosing a password with a setup code.

A refused sign-in is one page with one status whatever was wrong; what it counted and logged is committed all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import ceil

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.access.credentials import redeem_setup_code
from intelhub.access.domain import SignInRefused
from intelhub.access.scope import NOBODY, scope_for
from intelhub.access.sign_in import end_session, sign_in
from intelhub.access.views import blueprint
from intelhub.access.views.local_path import local_path
from intelhub.access.views.places import place_choices, place_of
from intelhub.access.views.session_cookie import drop_token, put_token, web_access
from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.platform.messages import Message
from intelhub.platform.unit_of_work import ActorSession
from intelhub.platform.web import current_actor, current_session, open_to_all, signed_in
from intelhub.platform.web.current import house

_A_YEAR = 365 * 24 * 60 * 60


@contextmanager
def as_nobody() -> Iterator[ActorSession]:
    """A unit of work of its own for proving who one is: it commits although the answer is a refusal.

    It belongs to nobody even where somebody is signed in already: the entries are not theirs.
    """
    with house().units.begin(NOBODY, scope_for(NOBODY)) as session:
        yield session


def is_signed_in() -> bool:
    """Whether this request comes from somebody."""
    return current_actor().user_id != NOBODY.user_id


@blueprint.get("/sign-in", access=open_to_all("whoever is not signed in yet signs in here"))
def sign_in_page() -> ResponseReturnValue:
    """The form; in the demo the way leads to the personas first."""
    if is_signed_in():
        return redirect(local_path(request.args.get("next")), 303)
    if web_access().is_demo and "by" not in request.args:
        return redirect(url_for("demo.show_personas", next=request.args.get("next")), 303)
    return _form(next_path=local_path(request.args.get("next")))


@blueprint.post("/sign-in", access=open_to_all("whoever is not signed in yet signs in here"))
def sign_in_now() -> ResponseReturnValue:
    """Check name, password and code together, and open a session."""
    typed = request.form
    next_path = local_path(typed.get("next"))
    place = place_of(typed.get("place"))
    if place is None:
        said = Message("Say where you work from.")
        return _form(next_path=next_path, errors=[("place", said)]), 422
    with as_nobody() as session:
        answer = sign_in(
            session,
            username=typed.get("username", ""),
            password=typed.get("password", ""),
            second_factor=typed.get("code", ""),
            place=place,
            address=request.remote_addr or "",
            user_agent=request.user_agent.string,
            request_id=g.request_id,
            limits=web_access().limits,
            admits=partial(web_access().admits, address=request.remote_addr),
        )
    if isinstance(answer, SignInRefused):
        return refuse(answer, _form(next_path=next_path, errors=[(answer.field, answer.message)]))
    end_this_session()
    return put_token(make_response(redirect(next_path, 303)), answer.token)


@blueprint.post("/sign-out", access=open_to_all("signing out twice, or after the session ended, is no mistake"))
def sign_out() -> ResponseReturnValue:
    """End the session on the server and forget it in the browser."""
    end_this_session()
    response = drop_token(make_response(redirect(url_for(".sign_in_page"), 303)))
    flash(gettext("You are signed out."), "good")
    return response


@blueprint.post("/stay", access=signed_in("staying is for whoever is here"))
def stay() -> ResponseReturnValue:
    """Any request keeps a session alive; this one does nothing else."""
    return "", 204


@blueprint.get("/language/<any(vi, en):language>", access=open_to_all("the language of a page is nobody's secret"))
def choose_language(language: str) -> ResponseReturnValue:
    """Remember the language in this browser and go back."""
    response = make_response(redirect(local_path(request.args.get("next")), 303))
    is_secure = web_access().is_secure
    response.set_cookie(
        "language", language, max_age=_A_YEAR, path="/", secure=is_secure, httponly=True, samesite="Strict"
    )
    return response


@blueprint.get("/set-up", access=open_to_all("whoever was given a setup code has no password yet"))
def set_up_page() -> ResponseReturnValue:
    """Where a setup code becomes a password."""
    return render_template("access/set_up.html", errors=[], username="")


@blueprint.post("/set-up", access=open_to_all("whoever was given a setup code has no password yet"))
def set_up() -> ResponseReturnValue:
    """Choose a password with a setup code; the person signs in with it afterwards."""
    typed = request.form
    username = typed.get("username", "")

    def again(*errors: tuple[str, Message]) -> str:
        return render_template("access/set_up.html", errors=list(errors), username=username)

    if typed.get("password", "") != typed.get("repeated", ""):
        return again(("repeated", Message("The two passwords differ. Type the new one twice."))), 422
    try:
        with as_nobody() as session:
            answer = redeem_setup_code(
                session,
                username=username,
                code=typed.get("code", ""),
                new_password=typed.get("password", ""),
                address=request.remote_addr or "",
            )
    except RuleRefused as refused:
        return again(*((name, said) for name, sentences in refused.fields.items() for said in sentences)), 422
    if answer is not None:
        return refuse(answer, again(("", answer.message)))
    flash(gettext("Your password is set. Sign in with it now."), "good")
    return redirect(url_for(".sign_in_page", by="password"), 303)


def refuse(answer: SignInRefused, page: str) -> ResponseReturnValue:
    """One status for every wrong proof, one for an answer that can be changed, and one for haste."""
    if answer.wait:
        return page, 429, {"Retry-After": str(ceil(answer.wait.total_seconds()))}
    return page, 422 if answer.field else 401


def end_this_session() -> None:
    """End the session this request came in, if it came in one."""
    actor = current_actor()
    if actor.session_id is None:
        return
    try:
        end_session(actor, current_session(), actor.session_id)
    except NotFound:  # another tab signed out in the meantime
        return


def _form(*, next_path: str, errors: list[tuple[str, Message]] | None = None) -> str:
    return render_template(
        "access/sign_in.html",
        next_path=next_path,
        errors=errors or [],
        username=request.form.get("username", ""),
        place=request.form.get("place", ""),
        places=place_choices(),
    )
