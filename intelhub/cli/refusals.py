"""How an error becomes one sentence for whoever typed the command; what has none is a mistake of ours."""

from __future__ import annotations

import errno
import sys

import click

from intelhub.platform.errors import IntelhubError, RuleRefused

_NO_SUCH_TABLE, _NO_SUCH_COLUMN = "42P01", "42703"


class CouldNotLook(click.ClickException):
    """A check that could not be carried out: nothing is known, neither that all is well nor that it is not."""

    exit_code = 2


def sentence_for(problem: Exception) -> str | None:
    """The sentence of an expected refusal, of the operating system or of the database; None for anything else."""
    if isinstance(problem, IntelhubError):
        return _in_words(problem)
    if isinstance(problem, OSError):
        if problem.errno == errno.EPIPE or problem.strerror is None:
            return None
        return f"{problem.filename}: {problem.strerror}." if problem.filename else f"{problem.strerror}."
    return _about_database(problem)


def _in_words(refused: IntelhubError) -> str:
    """The sentence of a refusal, with those of its fields below it."""
    fields = refused.fields if isinstance(refused, RuleRefused) else {}
    said = [str(refused.message)]
    said += [
        f"  {name}: {message}"
        for name, messages in fields.items()
        for message in messages
        if str(message) != str(refused.message)
    ]
    return "\n".join(said)


def _about_database(problem: Exception) -> str | None:
    module = sys.modules.get("sqlalchemy.exc")
    if module is None or not isinstance(problem, module.DBAPIError):
        return None
    reason = (str(problem.orig).strip().splitlines() or ["no reason given"])[0]
    if getattr(problem.orig, "sqlstate", "") in {_NO_SUCH_TABLE, _NO_SUCH_COLUMN}:
        return "The tables are not those of this version. Run “intelhub db upgrade”."
    if isinstance(problem, module.OperationalError):
        return f"The database does not answer: {reason}"
    return None
