"""Who may do what: labels, the decision and its filter, people, posts, sign-in and sessions.

Everything outside this package imports from here. Casbin, Argon2, TOTP and the sign-in machinery never leave it.
"""

from intelhub.access.actions import RIGHTS_SEALED
from intelhub.access.credentials import (
    confirm_totp,
    describe_factors,
    enrol_totp,
    issue_setup_code,
    redeem_setup_code,
    reset_factors,
    set_first_password,
    set_password,
)
from intelhub.access.decision import Check, Decision, decide, may, require
from intelhub.access.directory import find_person_within, search_people
from intelhub.access.domain import (
    Compartment,
    HeldPost,
    LiveSession,
    OpenSession,
    OwnFactors,
    Person,
    Persona,
    PlaceRule,
    SessionLimits,
    SignedIn,
    SignInRefused,
    Strength,
    TotpEnrolment,
)
from intelhub.access.explain import Explanation, explain
from intelhub.access.explaining import LabelFinder, explain_access, register_label_finder
from intelhub.access.filter import Clause, PartitionFilter, ReadFilter, RowCondition, is_within, read_filter
from intelhub.access.in_force import record_policy_in_force
from intelhub.access.label import HANDLING_CODES, HIGHEST_LEVEL, Exposure, Label, handling_allows
from intelhub.access.misfits import raise_alarm
from intelhub.access.names import sort_key
from intelhub.access.people import (
    activate_user,
    add_member,
    console_actor,
    create_compartment,
    create_first_user,
    create_user,
    deactivate_user,
    get_compartment,
    grant_post,
    list_compartments,
    remove_member,
    revoke_post,
    set_clearance,
)
from intelhub.access.permissions import FUNCTIONS, PERMISSIONS
from intelhub.access.policy import Line, Policy, PolicyBroken, current_policy
from intelhub.access.queries import (
    find_person,
    get_person,
    has_another_leader,
    is_there_somebody_who_may,
    list_compartment_names,
    list_people,
    list_people_who_may,
    list_posts,
    list_sessions,
    name_people,
)
from intelhub.access.reach import Reach
from intelhub.access.readership import Audience, list_audiences
from intelhub.access.scope import NOBODY, ActorScope, scope_for
from intelhub.access.seals import RightMisfit
from intelhub.access.sign_in import (
    actor_at_own_desk,
    actor_named,
    end_other_sessions,
    end_session,
    open_session_for_persona,
    resolve_session,
    sign_in,
)
from intelhub.access.views.words import function_words
from intelhub.access.web import actor_of_request, install_web

__all__ = [
    "FUNCTIONS",
    "HANDLING_CODES",
    "HIGHEST_LEVEL",
    "NOBODY",
    "PERMISSIONS",
    "RIGHTS_SEALED",
    "ActorScope",
    "Audience",
    "Check",
    "Clause",
    "Compartment",
    "Decision",
    "Explanation",
    "Exposure",
    "HeldPost",
    "Label",
    "LabelFinder",
    "Line",
    "LiveSession",
    "OpenSession",
    "OwnFactors",
    "PartitionFilter",
    "Person",
    "Persona",
    "PlaceRule",
    "Policy",
    "PolicyBroken",
    "Reach",
    "ReadFilter",
    "RightMisfit",
    "RowCondition",
    "SessionLimits",
    "SignInRefused",
    "SignedIn",
    "Strength",
    "TotpEnrolment",
    "activate_user",
    "actor_at_own_desk",
    "actor_named",
    "actor_of_request",
    "add_member",
    "confirm_totp",
    "console_actor",
    "create_compartment",
    "create_first_user",
    "create_user",
    "current_policy",
    "deactivate_user",
    "decide",
    "describe_factors",
    "end_other_sessions",
    "end_session",
    "enrol_totp",
    "explain",
    "explain_access",
    "find_person",
    "find_person_within",
    "function_words",
    "get_compartment",
    "get_person",
    "grant_post",
    "handling_allows",
    "has_another_leader",
    "install_web",
    "is_there_somebody_who_may",
    "is_within",
    "issue_setup_code",
    "list_audiences",
    "list_compartment_names",
    "list_compartments",
    "list_people",
    "list_people_who_may",
    "list_posts",
    "list_sessions",
    "may",
    "name_people",
    "open_session_for_persona",
    "raise_alarm",
    "read_filter",
    "record_policy_in_force",
    "redeem_setup_code",
    "register_label_finder",
    "remove_member",
    "require",
    "reset_factors",
    "resolve_session",
    "revoke_post",
    "scope_for",
    "search_people",
    "set_clearance",
    "set_first_password",
    "set_password",
    "sign_in",
    "sort_key",
]
