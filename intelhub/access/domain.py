"""People, posts and sessions as the rest of the product sees them; values without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from markupsafe import Markup

from intelhub.platform.actor import Actor, Place
from intelhub.platform.messages import Message

SETUP_CODE_LIMIT = timedelta(hours=72)
DEFAULT_POST_DURATION = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session lasts: without a request, and in any case. An installation says so in its settings."""

    idle: timedelta = timedelta(minutes=15)
    absolute: timedelta = timedelta(hours=8)

    @property
    def touched_every(self) -> timedelta:
        """How exactly the last request is written down; seldom, because each writing is a transaction."""
        return min(timedelta(minutes=1), self.idle / 10)


class Strength(StrEnum):
    """How a session was signed in; the policy gives each its ceiling."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind of sign-in
    TOTP = "totp"
    DEMO = "demo"


class PlaceRule(StrEnum):
    """From where a person may sign in at all."""

    ANY = "any"
    ONSITE_ONLY = "onsite_only"

    def allows(self, place: Place) -> bool:
        """Whether a session may begin at this place."""
        return self is PlaceRule.ANY or place is not Place.REMOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPost:
    """A duty function somebody holds, held or will hold at a unit."""

    id: UUID
    function: str
    unit_id: UUID
    is_deputy: bool
    starts_at: datetime
    ends_at: datetime | None

    def is_held_at(self, moment: datetime) -> bool:
        """Whether the post is in force at a moment."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account; `posts` are those held at the moment of asking."""

    id: UUID
    username: str
    display_name: str
    sort_key: str
    clearance: int
    clearance_expires_on: date | None
    place_rule: PlaceRule
    is_active: bool
    locale: str
    posts: tuple[HeldPost, ...] = ()

    def clearance_on(self, day: date) -> int:
        """The clearance held on a day; it ends with the end of its last day."""
        if self.clearance_expires_on is not None and day > self.clearance_expires_on:
            return 0
        return self.clearance


@dataclass(frozen=True, slots=True, kw_only=True)
class Compartment:
    """A need-to-know group as whoever manages it sees it; `members` are those of the moment of asking."""

    id: UUID
    name: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A sign-in that succeeded: the token for the cookie (never stored) and who acts from now on."""

    token: str
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that is open now: who acts in it, and when it ends if nothing more is heard."""

    actor: Actor
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenElsewhere:
    """A session of the premises whose token came from a network that is not theirs; it is to be ended and told."""

    session_id: UUID
    user_id: UUID
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused:
    """A sign-in that did not succeed, with the one sentence shown; the count and the entry are to be committed.

    `field` names what was answered so that it cannot be; empty where a proof was wrong, whichever it was.
    """

    message: Message
    field: str = ""
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpEnrolment:
    """What an authenticator app needs, shown once: the secret, its address and that as a picture to scan."""

    secret: str
    address: str
    qr_picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFactors:
    """With what somebody can sign in, as told to themselves."""

    has_password: bool = False
    password_set_at: datetime | None = None
    has_totp: bool = False
    recovery_codes_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """One of a person's own sessions, as listed to them."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    place: Place
    strength: Strength
    user_agent_family: str
    is_this_one: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """An invented person whom a visitor of the demo becomes with one click; what they are and what to try."""

    username: str
    title_vi: str
    title_en: str
    blurb_vi: str
    blurb_en: str
    place: Place = Place.ONSITE

    def title(self, locale: str) -> str:
        """What they are, in the reader's language."""
        return self.title_en if locale == "en" else self.title_vi

    def blurb(self, locale: str) -> str:
        """What to try as this person, in the reader's language."""
        return self.blurb_en if locale == "en" else self.blurb_vi
