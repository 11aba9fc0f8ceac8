"""People who change posts."""

from __future__ import annotations

from datetime import timedelta

from intelhub import access
from intelhub.organisation import load_directory, today
from intelhub.platform import clock
from tests.factories.compartments import console
from tests.house import TestHouse


def moved(house: TestHouse, username: str, function: str, code: str) -> None:
    """Somebody leaves their post for another one."""
    with console(house) as (actor, session):
        for post in access.list_posts(actor, session, house.people[username]):
            access.revoke_post(actor, session, post.id)
        elsewhere = load_directory(session).as_of(today()).get(code).id
        access.grant_post(
            actor, session, user_id=house.people[username], function=function, unit_id=elsewhere,
            starts_at=clock.now() - timedelta(hours=1), ends_at=clock.now() + timedelta(days=9),
        )  # fmt: skip
