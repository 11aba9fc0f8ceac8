"""Watched searches: told once, of what their owner may read at that moment, looked through in the owner's name."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.organisation import load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Place
from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.platform.migrate import downgrade, upgrade
from intelhub.platform.roles import driver_address
from intelhub.records import saved_view_queries
from intelhub.records.domain import ViewKind
from intelhub.records.service import asked, saved_views, shared_searches, watching
from intelhub.records.service.watching import Watched
from intelhub.search import SearchRequest
from tests.factories.record_world import GRADE, act, resubmitted, submitted, travelled
from tests.factories.watchers import look

QUESTION = SearchRequest(text="phụ tùng")
NOTHING_MISSED = Watched(is_too_wide=False, is_cut=False)


def save(house, username, question=QUESTION, *, name="Phụ tùng", level=3, place=Place.ONSITE):
    with house.acting(username, place=place) as (actor, session):
        return saved_views.save_view(actor, session, name, asked.pairs_of(question), kind=ViewKind.SEARCH, level=level)


def watch(house, username, question=QUESTION, *, place=Place.ONSITE, **more):
    view_id = save(house, username, question, place=place, **more)
    with house.acting(username, place=place) as (actor, session):
        watching.watch_search(actor, session, view_id)
    return view_id


def told(house, username, *, place=Place.ONSITE):
    """The records that alerts show this person, alert by alert."""
    with house.acting(username, place=place) as (actor, session):
        return [set(one.record_ids) for one in watching.list_alerts(actor, session)]


def unread(house, username, *, place=Place.ONSITE):
    with house.acting(username, place=place) as (actor, session):
        return watching.count_alerts(actor, session)


@contextmanager
def console(house):
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        actor = access.console_actor(session)
    with house.units.begin(actor, scope_for(actor)) as session:
        yield actor, session


def entries(house, action):
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        return connection.execute(
            "select actor_id, place, level, convert_from(entry, 'UTF8') from audit_pending"
            " where action = %s order by at",
            (action,),
        ).fetchall()


def test_what_was_there_before_is_no_news_and_what_comes_is_told_once(house):
    travelled(house, 1)
    watch(house, "analyst")
    look(house)
    assert told(house, "analyst") == []
    assert unread(house, "analyst") is None
    new = travelled(house, 1)
    submitted(house)  # has not left its unit
    travelled(house, 1, text="Một chuyện khác hẳn, không có chữ nào của câu hỏi.", abstract="Chuyện khác")
    look(house)
    assert told(house, "analyst") == [{new}]
    assert unread(house, "analyst") == 1
    look(house)
    assert told(house, "analyst") == [{new}]
    assert len(entries(house, "record:watch-found")) == 1


def test_each_find_is_an_alert_of_its_own_and_changes_none(house):
    watch(house, "analyst")
    first = travelled(house, 1)
    look(house)
    second = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{second}, {first}]
    with house.acting("analyst") as (actor, session):
        newer, older = (one.alert for one in watching.list_alerts(actor, session))
    third = travelled(house, 1)
    look(house)
    with house.acting("analyst") as (actor, session):
        _, *earlier = (one.alert for one in watching.list_alerts(actor, session))
        assert earlier == [newer, older]
        assert watching.open_alert(actor, session, older.id)[0].record_ids == (first,)
        watching.mark_these_read(actor, session, {newer.id, older.id})
    assert unread(house, "analyst") == 1, "what came since the page was made is unread"
    assert told(house, "analyst") == [{third}, {second}, {first}]


def test_whoever_has_too_many_unread_is_looked_for_again_when_some_are_read_and_loses_nothing(house, monkeypatch):
    monkeypatch.setattr(watching, "MOST_UNREAD", 1)
    watch(house, "analyst")
    first = travelled(house, 1)
    look(house)
    later = {travelled(house, 1), travelled(house, 1)}
    look(house)
    assert told(house, "analyst") == [{first}]
    with house.acting("analyst") as (actor, session):
        (shown,) = watching.list_alerts(actor, session)
        watching.mark_read(actor, session, shown.alert.id)
    look(house)
    assert told(house, "analyst") == [later, {first}]


def test_a_record_that_comes_to_fit_or_moves_on_is_told_once(house):
    watch(house, "head", SearchRequest(facets={"state": ("evaluated",)}))
    record = travelled(house, 2)
    look(house)
    assert told(house, "head") == []
    act(house, "analyst", record, records.evaluate_record, **GRADE)
    look(house)
    look(house)
    assert told(house, "head") == [{record}]


def test_rights_that_are_withdrawn_between_two_looks_find_nothing_and_show_nothing(house):
    watch(house, "analyst")
    first = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{first}]
    with console(house) as (actor, session):
        access.set_clearance(actor, session, user_id=house.people["analyst"], level=0, expires_on=None)
    second = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == []
    assert unread(house, "analyst") == 0
    with console(house) as (actor, session):
        access.set_clearance(actor, session, user_id=house.people["analyst"], level=3, expires_on=None)
    look(house)
    assert told(house, "analyst") == [{second}, {first}], "what came meanwhile is new to whoever reads again"


def test_a_clearance_that_expires_ends_the_looks(house):
    watch(house, "analyst")
    with console(house) as (actor, session):
        access.set_clearance(
            actor, session, user_id=house.people["analyst"], level=3, expires_on=today() + timedelta(days=1)
        )
    record = travelled(house, 1)
    with clock.telling(datetime.now(UTC) + timedelta(days=3)):
        look(house)
        assert entries(house, "record:watch-found") == []
    look(house)
    assert told(house, "analyst") == [{record}]


def test_whoever_moved_to_another_unit_is_told_of_what_that_unit_reads(house):
    watch(house, "analyst")
    travelled(house, 1)
    with console(house) as (actor, session):
        (post,) = access.list_posts(actor, session, house.people["analyst"])
        access.revoke_post(actor, session, post.id)
        elsewhere = load_directory(session).as_of(today()).get("20ZZ.CBL").id
        access.grant_post(
            actor, session, user_id=house.people["analyst"], function="analyst", unit_id=elsewhere,
            starts_at=clock.now() - timedelta(hours=1), ends_at=clock.now() + timedelta(days=9),
        )  # fmt: skip
    look(house)
    assert told(house, "analyst") == []
    assert entries(house, "record:watch-found") == []


def test_a_closed_account_is_not_looked_for(house):
    watch(house, "analyst")
    travelled(house, 1)
    with console(house) as (actor, session):
        access.deactivate_user(actor, session, house.people["analyst"])
    look(house)
    assert entries(house, "record:watch-found") == []


def test_a_record_above_the_ceiling_is_not_told_and_one_that_comes_down_is(house):
    watch(house, "analyst2", level=1)
    high = travelled(house, 1, level="2", list_item="VD-TM-02")
    look(house)
    assert told(house, "analyst2") == []
    low = submitted(house, level="2", list_item="VD-TM-02")
    resubmitted(house, low, "1")
    with house.acting("leader") as (actor, session):
        row = records.read_record(actor, session, low).summary.row_version
        records.lower_level(actor, session, low, row, reason="Đã công khai")
    act(house, "leader", low, records.forward_record, note="Đề nghị đánh giá")
    look(house)
    assert told(house, "analyst2") == [{low}]
    assert high not in set().union(*told(house, "analyst2"))


def test_a_session_elsewhere_counts_and_shows_only_what_it_may_read(house):
    watch(house, "analyst", level=0)
    high = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{high}]
    assert told(house, "analyst", place=Place.REMOTE) == []
    assert unread(house, "analyst", place=Place.REMOTE) == 0
    low = travelled(house, 1, level="0", list_item=None)
    look(house)
    assert told(house, "analyst") == [{low}, {high}]
    assert told(house, "analyst", place=Place.REMOTE) == [{low}]
    assert unread(house, "analyst", place=Place.REMOTE) == 1


def test_what_lay_above_the_session_it_was_set_up_in_is_no_news(house):
    travelled(house, 1)
    watch(house, "analyst", level=0, place=Place.REMOTE)
    look(house)
    assert told(house, "analyst") == []
    new = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{new}]


def test_nothing_is_told_twice_or_lost_where_a_look_is_broken_off(house, monkeypatch):
    watch(house, "analyst")
    record = travelled(house, 1)
    seal = watching.sealing.seal_watch

    def die(*_):
        raise RuntimeError

    monkeypatch.setattr(watching.sealing, "seal_watch", die)  # the alert is written, and its transaction is not
    look(house)
    assert told(house, "analyst") == []
    assert entries(house, "record:watch-found") == []
    monkeypatch.setattr(watching.sealing, "seal_watch", seal)
    look(house)
    assert told(house, "analyst") == [{record}]
    assert len(entries(house, "record:watch-found")) == 1


def test_one_search_that_fails_stops_no_other(house, monkeypatch):
    bad = watch(house, "analyst", name="Hỏng")
    good = watch(house, "analyst", name="Tốt")
    watch(house, "head")
    travelled(house, 1)
    again = records.look_again

    def fail_at_bad(actor, session, view_id):
        if view_id == bad:
            raise RuntimeError
        return again(actor, session, view_id)

    monkeypatch.setattr("intelhub.watching.look_again", fail_at_bad)
    look(house)
    with house.acting("analyst") as (actor, session):
        assert {one.view.id for one in watching.list_alerts(actor, session)} == {good}
    assert unread(house, "head") == 1


def test_a_round_whose_time_is_up_goes_on_where_it_ended(house):
    for username in ("analyst", "head"):
        watch(house, username)
    travelled(house, 1)
    first, second = sorted(house.people[name] for name in ("analyst", "head"))
    assert look(house, seconds=0.0) is None
    assert look(house, after=first) is None
    names = {house.people[name]: name for name in ("analyst", "head")}
    assert unread(house, names[first]) is None
    assert unread(house, names[second]) == 1


def test_the_look_is_an_entry_of_the_owner_that_says_the_system_made_it(house):
    watch(house, "analyst")
    record = travelled(house, 1)
    look(house)
    ((actor_id, place, level, entry),) = entries(house, "record:watch-found")
    assert (actor_id, place, level) == (house.people["analyst"], "onsite", 1)
    assert str(record) in entry
    assert "phụ tùng" not in entry


def test_nobody_has_more_than_ten_watched_nor_one_that_finds_too_much(house, monkeypatch):
    for number in range(saved_views.MOST_WATCHED):
        watch(house, "analyst", name=f"Tìm {number}")
    with pytest.raises(RuleRefused):
        watch(house, "analyst", name="Thêm nữa")
    travelled(house, 1)
    travelled(house, 1)
    monkeypatch.setattr(watching, "MOST_MATCHES", 1)
    with pytest.raises(RuleRefused):
        watch(house, "head")


def test_a_removed_search_keeps_no_place_among_the_watched_and_comes_back_to_a_free_one(house, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST_WATCHED", 2)
    first, second = (watch(house, "analyst", name=name) for name in ("Một", "Hai"))
    with house.acting("analyst") as (actor, session):
        saved_views.remove_view(actor, session, first, kind=ViewKind.SEARCH)
    watch(house, "analyst", name="Ba")
    with house.acting("analyst") as (actor, session), pytest.raises(RuleRefused):
        saved_views.restore_view(actor, session, first, kind=ViewKind.SEARCH)
    with house.acting("analyst") as (actor, session):
        watching.stop_watching(actor, session, second)
    with house.acting("analyst") as (actor, session):
        saved_views.restore_view(actor, session, first, kind=ViewKind.SEARCH)
        assert len(watching.list_watched(actor, session)) == 2


def test_a_search_that_has_grown_too_wide_says_so(house, monkeypatch):
    view_id = watch(house, "analyst")
    monkeypatch.setattr(watching, "MOST_MATCHES", 1)
    travelled(house, 1)
    travelled(house, 1)
    look(house)
    with house.acting("analyst") as (actor, session):
        assert watching.list_watched(actor, session) == {view_id: Watched(is_too_wide=True, is_cut=False)}
    with house.acting("analyst", place=Place.REMOTE) as (actor, session):
        assert watching.list_watched(actor, session) == {view_id: NOTHING_MISSED}, "what was counted may lie above"


def test_a_look_that_could_not_see_everything_says_so_until_one_could(house, monkeypatch):
    view_id = watch(house, "analyst")
    monkeypatch.setattr(watching, "SECONDS", 0.0)
    travelled(house, 1)
    look(house)
    with house.acting("analyst") as (actor, session):
        assert watching.list_watched(actor, session) == {view_id: Watched(is_too_wide=False, is_cut=True)}
    with house.acting("analyst", place=Place.REMOTE) as (actor, session):
        assert watching.list_watched(actor, session) == {view_id: NOTHING_MISSED}, "what was not seen may lie above"
    monkeypatch.undo()
    look(house)
    with house.acting("analyst") as (actor, session):
        assert watching.list_watched(actor, session) == {view_id: NOTHING_MISSED}


def test_searches_that_cannot_be_opened_after_the_way_back_go_with_it_and_raise_no_alarm(house):
    kept = save(house, "analyst", name="Còn", level=0)
    save(house, "analyst", name="Cao", level=2)
    unit = save(house, "analyst", name="Chung", level=0)
    with house.acting("analyst") as (actor, session):
        shared_searches.share_search(actor, session, unit, actor.posts[0].unit_id)
    downgrade(house.database.migrator_url, "0022")
    upgrade(house.database.migrator_url)
    with house.acting("analyst") as (actor, session):
        assert [view.id for view in saved_views.list_views(actor, session, ViewKind.SEARCH)] == [kept]
    assert entries(house, "record:tamper-found") == []
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        forced = "select relforcerowsecurity from pg_class where relname = 'record_views'"
        assert connection.execute(forced).fetchone() == (True,)


OPEN = {"level": "0", "list_item": None}


def watched(house, username):
    with house.acting(username) as (actor, session):
        return watching.list_watched(actor, session)


def test_watching_cannot_begin_while_not_everything_can_be_looked_through(house, outage):
    travelled(house, 1)
    view_id = save(house, "analyst")
    with outage(), house.acting("analyst") as (actor, session):
        with pytest.raises(RuleRefused, match="Not all records can be looked through"):
            watching.watch_search(actor, session, view_id)
        assert saved_view_queries.list_watch_rows(actor, session) == []
    with house.acting("analyst") as (actor, session):
        watching.watch_search(actor, session, view_id)
    look(house)
    assert told(house, "analyst") == []
    new = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{new}]


def test_nor_where_time_is_up(house, monkeypatch):
    travelled(house, 1)
    monkeypatch.setattr(watching, "SECONDS", 0.0)
    with pytest.raises(RuleRefused, match="Not all records can be looked through"):
        watch(house, "analyst")


def test_a_look_that_does_not_see_everything_tells_what_is_new_and_forgets_nothing(house, outage, monkeypatch):
    monkeypatch.setattr(watching, "_MOST_KNOWN", 0)
    travelled(house, 1)
    watch(house, "analyst")
    late = travelled(house, 1)
    with outage():
        look(house)
        assert told(house, "analyst") == []
        fresh = travelled(house, 1, **OPEN)
        look(house)
        assert told(house, "analyst") == [{fresh}]
    look(house)
    look(house)
    assert told(house, "analyst") == [{late}, {fresh}], "told when it is seen, and what was there before is not"


def test_a_watch_set_up_below_does_not_begin_with_a_look_that_sees_less(house, outage):
    travelled(house, 1)
    watch(house, "analyst", level=0, place=Place.REMOTE)
    with outage():
        look(house)
    look(house)
    assert told(house, "analyst") == [], "it lay above the session that set the watch up"
    new = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{new}]


def test_a_search_is_as_wide_as_it_was_when_last_everything_was_seen(house, outage, monkeypatch):
    view_id = watch(house, "analyst")
    monkeypatch.setattr(watching, "MOST_MATCHES", 1)
    travelled(house, 1)
    travelled(house, 1)
    look(house)
    with outage():
        look(house)
        assert watched(house, "analyst")[view_id].is_too_wide
    monkeypatch.setattr(watching, "MOST_MATCHES", 2)
    look(house)
    assert not watched(house, "analyst")[view_id].is_too_wide


def test_what_too_wide_a_search_left_out_of_sight_stays_known(house, monkeypatch):
    monkeypatch.setattr(watching, "_MOST_KNOWN", 0)
    older = travelled(house, 1, learned_at="2026-02-01T08:00:00+07:00")
    watch(house, "analyst")
    monkeypatch.setattr(watching, "MOST_MATCHES", 1)
    newer = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{newer}]
    monkeypatch.setattr(watching, "MOST_MATCHES", 1000)
    look(house)
    assert told(house, "analyst") == [{newer}], f"{older} was there when it began"


def test_unread_alerts_of_a_removed_search_silence_no_other(house, monkeypatch):
    removed, kept = watch(house, "analyst", name="Bỏ"), watch(house, "analyst", name="Giữ")
    first = travelled(house, 1)
    look(house)
    monkeypatch.setattr(watching, "MOST_UNREAD", 1)
    with house.acting("analyst") as (actor, session):
        assert watching.is_full(watching.list_alerts(actor, session))
        saved_views.remove_view(actor, session, removed, kind=ViewKind.SEARCH)
        (shown,) = watching.list_alerts(actor, session)
        watching.mark_read(actor, session, shown.alert.id)
        assert not watching.is_full(watching.list_alerts(actor, session))
    second = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{second}, {first}]
    with house.acting("analyst") as (actor, session):
        assert {one.view.id for one in watching.list_alerts(actor, session)} == {kept}


def test_unread_alerts_of_what_one_may_not_read_any_more_silence_none(house, monkeypatch):
    monkeypatch.setattr(watching, "MOST_UNREAD", 1)
    watch(house, "analyst", level=0)
    first = travelled(house, 1)
    look(house)
    assert told(house, "analyst") == [{first}]
    with console(house) as (actor, session):
        access.set_clearance(actor, session, user_id=house.people["analyst"], level=0, expires_on=None)
    second = travelled(house, 1, **OPEN)
    look(house)
    assert told(house, "analyst") == [{second}]


def test_a_removed_search_is_not_looked_through_until_it_is_brought_back(house):
    view_id = watch(house, "analyst")
    with house.acting("analyst") as (actor, session):
        saved_views.remove_view(actor, session, view_id, kind=ViewKind.SEARCH)
    record = travelled(house, 1)
    look(house)
    assert entries(house, "record:watch-found") == []
    with house.acting("analyst") as (actor, session):
        saved_views.restore_view(actor, session, view_id, kind=ViewKind.SEARCH)
    look(house)
    assert told(house, "analyst") == [{record}]
    with house.acting("analyst") as (actor, session):
        watching.stop_watching(actor, session, view_id)
        with pytest.raises(NotFound):
            watching.stop_watching(actor, session, view_id)
        assert saved_view_queries.list_watch_rows(actor, session) == []
