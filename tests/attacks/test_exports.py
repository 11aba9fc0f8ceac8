"""A file leaves the system: never with more than its person may take along now, never alone above the first level."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.platform.actor import Place
from intelhub.platform.roles import driver_address
from intelhub.platform.row_scope import ScopeMissing
from intelhub.records.models import RecordExportRow
from intelhub.records.service import exporting
from tests.attacks.test_linked_records import at_the_other_gate
from tests.factories.compartments import compartment
from tests.factories.record_world import act, drafted, travelled
from tests.web.records.test_exports import SECRET, WHY, ask, asked, export, rows

EVIL = "=HYPERLINK(A1;B1)"


def superuser(house, statement, *values):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        done = connection.execute(statement, values or None)
        return done.fetchall() if done.description else []


def numbers(answer):
    return {line["Số phiếu"] for line in rows(answer)[1]}


def numbers_of(house, *ids):
    with house.acting("analyst") as (actor, session):
        return {line.head.number for line in records.list_by_ids(actor, session, ids)}


def clear_as(house, username, level):
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        access.set_clearance(console, session, user_id=house.people[username], level=level, expires_on=None)


@pytest.fixture
def pair(house):
    """A record of the first level and one of the second, both of the department."""
    return travelled(house, 1), travelled(house, 1, **SECRET, place_text="Lối mòn số 9")


@pytest.fixture
def request_of(house, client_as, pair):
    assert len(pair) == 2
    answer = ask(client_as("analyst"), house)
    assert answer.status_code == 303
    return answer.location


def test_hidden_records_are_in_no_file_and_in_no_figure_of_it(house, client_as):
    seen = travelled(house, 1)
    before = export(client_as("analyst2"))
    travelled(house, 1, **SECRET)
    at_the_other_gate(house, **SECRET)
    group = compartment(house, "officer", "leader", "analyst")
    travelled(house, 1, compartments=[str(group)])
    drafted(house)
    after = export(client_as("analyst2"))
    assert rows(after)[1] == rows(before)[1]
    assert numbers(after) == numbers_of(house, seen)

    def marks(answer):
        changing = {"Thời điểm", "Số bản xuất"}
        return [mark for mark in rows(answer)[0] if mark[0] not in changing]

    assert marks(after) == marks(before)


def test_what_is_to_stay_is_left_and_counted(house, client_as):
    taken = travelled(house, 1)
    travelled(house, 0, handling="HX", handling_conditions="Hỏi đơn vị lập tin trước")
    own = travelled(house, 5, handling="H2")
    assert numbers(export(client_as("analyst"))) == numbers_of(house, taken, own)
    assert numbers(export(client_as("hq"))) == numbers_of(house, own)


@pytest.mark.usefixtures("pair")
def test_from_home_nothing_of_the_site_is_taken_along(house, client_as):
    travelled(house, 1, level="0", list_item=None)
    _, lines = rows(export(client_as("analyst", place=Place.REMOTE)))
    assert {line["Độ mật"] for line in lines} == {"Không mật"}


@pytest.mark.usefixtures("pair")
def test_the_question_of_another_session_exports_nothing(house, client_as):
    mine = asked(client_as("analyst"))
    for other in (client_as("head"), client_as("analyst"), client_as("analyst2")):
        for answer in (
            other.submit(f"/search/export?asked={mine}", {"format": "csv"}),
            other.submit(f"/exports?asked={mine}", {"reason": WHY, "approver": str(house.people["head"])}),
        ):
            assert (answer.status_code, answer.location) == (303, "/search")
    assert superuser(house, "select count(*) from record_exports") == [(0,)]


def test_above_the_first_level_no_answer_holds_a_row(house, client_as, request_of):
    analyst = client_as("analyst")
    for kind in ("csv", "xlsx"):
        answer = export(analyst, kind)
        assert "text/html" in answer.content_type
        assert "Lối mòn" not in answer.get_data(as_text=True)
    for state in ("asked", "approved"):
        superuser(house, "update record_exports set state = %s", state)
        answer = analyst.submit(f"{request_of}/fetch")
        assert answer.status_code == 409, state
        assert "Content-Disposition" not in answer.headers


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    "approver", ["analyst", "analyst2", "officer", "leader", "stranger", "hq", "auditor", "nobody"]
)
def test_who_may_not_agree_to_all_of_it_cannot_be_asked(house, client_as, approver):
    assert ask(client_as("analyst"), house, approver).status_code == 422
    assert superuser(house, "select count(*) from record_exports") == [(0,)]


@pytest.mark.usefixtures("pair")
def test_who_may_agree_does_not_ask_themselves(house, client_as):
    head = client_as("head")
    assert ask(head, house, "head").status_code == 422
    page = export(head).get_data(as_text=True)
    assert str(house.people["head"]) not in re.findall(r'<option value="([^"]*)"', page)


def test_a_compartment_of_which_the_approver_is_no_member_cannot_be_agreed_to(house, client_as):
    group = compartment(house, "officer", "leader", "analyst")
    travelled(house, 1, **SECRET, compartments=[str(group)])
    assert ask(client_as("analyst"), house).status_code == 422


def test_nobody_but_the_two_sees_or_moves_a_request(house, client_as, request_of):
    for username in ("analyst2", "leader", "hq", "stranger"):
        other = client_as(username)
        assert request_of not in other.get("/exports").get_data(as_text=True)
        for method, address in (("get", ""), ("submit", "/approve"), ("submit", "/decline"), ("submit", "/fetch")):
            unknown = f"/exports/{uuid4()}{address}"
            answers = [getattr(other, method)(one) for one in (f"{request_of}{address}", unknown)]
            assert answers[0].status_code == answers[1].status_code in {403, 404}, (username, address)
            assert answers[0].data == answers[1].data
    for username in ("auditor", "operator", "security", "officer"):
        assert client_as(username).get(request_of).status_code in {403, 404}
    head, analyst = client_as("head"), client_as("analyst")
    assert head.submit(f"{request_of}/fetch").status_code == 404
    assert analyst.submit(f"{request_of}/approve").status_code in {403, 404}
    assert analyst.submit(f"{request_of}/decline", {"reason": "x"}).status_code in {403, 404}
    assert superuser(house, "select state from record_exports") == [("asked",)]


def test_one_person_with_both_rights_is_still_one_person(house, client_as, pair):
    """The head asks headquarters; the head's own right to agree does not make the answer."""
    travelled(house, 5, **SECRET)
    head = client_as("head")
    with house.acting("head") as (actor, session):
        lines = records.list_by_ids(actor, session, [pair[1]])
        assert exporting.list_approvers(actor, session, lines) == ()
    own = house.people["head"]
    insert = "insert into record_exports values (gen_random_uuid(), %s, %s, 2, 'asked', 1, now(), '')"
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser(house, insert, own, own)
    assert head.get("/exports").status_code == 200


@pytest.mark.parametrize("taken", ["clearance", "place"])
def test_an_approver_whose_rights_were_taken_agrees_to_nothing_and_is_told_nothing(house, client_as, request_of, taken):
    if taken == "clearance":
        clear_as(house, "head", 1)
        head = client_as("head")
    else:
        head = client_as("head", place=Place.REMOTE)
    assert head.get(request_of).status_code == 404
    assert WHY not in head.get("/exports").get_data(as_text=True)
    assert head.submit(f"{request_of}/approve").status_code == 404
    assert superuser(house, "select state from record_exports") == [("asked",)]


def test_an_approver_who_may_not_read_one_of_them_any_more_is_told_numbers_alone(house, client_as):
    group = compartment(house, "officer", "leader", "analyst", "head")
    travelled(house, 1, **SECRET, compartments=[str(group)])
    request = ask(client_as("analyst"), house).location
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        access.remove_member(console, session, compartment_id=group, user_id=house.people["head"])
    head = client_as("head")
    page = head.get(request).get_data(as_text=True)
    assert "1 TỐI MẬT" in page
    assert WHY not in page
    assert "phu tung" not in page
    assert head.submit(f"{request}/approve").status_code == 403
    assert superuser(house, "select state from record_exports") == [("asked",)]
    assert head.submit(f"{request}/decline", {"reason": "Không đủ thẩm quyền"}).status_code == 303


def test_the_words_of_a_question_are_shown_to_nobody_below_the_session_they_were_typed_in(house, client_as, request_of):
    sentence = "nội dung tìm không hiển thị ở đây"
    page = client_as("head").get(request_of).get_data(as_text=True)
    assert "phu tung" in page
    assert 'class="level-banner level-3"' in page
    for username in ("head", "analyst"):
        clear_as(house, username, 2)  # enough for every record, and not for what the asker could copy words from
        page = client_as(username).get(request_of).get_data(as_text=True)
        assert sentence in page, username
        assert "phu tung" not in page
        assert WHY in page
        assert 'class="level-banner level-2"' in page
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303


def test_what_is_fetched_is_read_again_and_never_more_than_was_agreed_to(house, client_as, pair, request_of):
    low, high = pair
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    later = travelled(house, 1)  # would be found by the same question
    clear_as(house, "analyst", 1)
    assert client_as("analyst").submit(f"{request_of}/fetch").status_code == 404, "the request itself lies above"
    clear_as(house, "analyst", 3)
    act(house, "analyst2", low, records.acknowledge_record)
    answer = client_as("analyst").submit(f"{request_of}/fetch")
    assert numbers(answer) == numbers_of(house, low, high)
    assert not numbers(answer) & numbers_of(house, later)


def test_a_record_that_says_something_else_since_is_left_out(house, client_as, pair, request_of):
    low, high = pair
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    act(house, "analyst", low, records.acknowledge_record)
    grade = {"grade": records.Grade(source="C", info="3"), "reason": "Khớp với tin trước"}
    act(house, "analyst", low, records.evaluate_record, **grade)
    answer = client_as("analyst").submit(f"{request_of}/fetch")
    assert numbers(answer) == numbers_of(house, high)


def test_who_may_not_take_along_any_more_fetches_nothing(house, client_as, request_of):
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        for post in access.list_posts(console, session, house.people["analyst"]):
            access.revoke_post(console, session, post_id=post.id)
    answer = client_as("analyst").submit(f"{request_of}/fetch")
    assert answer.status_code in {403, 404}
    assert "Content-Disposition" not in answer.headers


def test_an_approved_export_is_fetched_once_and_not_again_by_putting_the_row_back(house, client_as, request_of):
    analyst = client_as("analyst")
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    [(state, version, sealed)] = superuser(house, "select state, row_version, sealed from record_exports")
    assert "Content-Disposition" in analyst.submit(f"{request_of}/fetch").headers
    assert analyst.submit(f"{request_of}/fetch").status_code == 409
    superuser(house, "update record_exports set state = %s, row_version = %s, sealed = %s", state, version, sealed)
    answer = analyst.submit(f"{request_of}/fetch")
    assert answer.status_code == 409
    assert "Content-Disposition" not in answer.headers
    assert analyst.get("/exports").status_code == 200
    alarms = superuser(house, "select count(*) from audit_pending where action = 'record:tamper-found'")
    assert alarms[0][0] >= 1


@pytest.mark.parametrize(
    "attack",
    [
        "update record_exports set state = 'approved'",
        "update record_exports set level = 1",
        "update record_exports set approver_id = (select id from users where username = 'hq')",
        "update record_exports set user_id = (select id from users where username = 'analyst2'), level = 0",
        "update record_exports set sealed = ''",
        "update record_exports set row_version = 2",
    ],
)
def test_a_row_that_was_edited_is_not_shown_and_not_acted_upon(house, client_as, request_of, attack):
    superuser(house, attack)
    for username in ("analyst", "head", "hq", "analyst2"):
        client = client_as(username)
        for address in ("/fetch", "/approve"):
            answer = client.submit(f"{request_of}{address}")
            assert answer.status_code in {403, 404, 409}
            assert "Content-Disposition" not in answer.headers
        assert WHY not in client.get(request_of).get_data(as_text=True)
        assert client.get("/exports").status_code == 200


def alarms(house):
    statement = "select count(*) from audit_pending where action = 'record:tamper-found' and object_id is not null"
    return superuser(house, statement)[0][0]


def test_an_alarm_on_the_way_to_a_file_that_is_refused_stays_in_the_log(house, client_as, pair, request_of):
    analyst, head = client_as("analyst"), client_as("head")
    question = asked(analyst)
    superuser(house, "update records set head_ciphertext = 'x' where id = any(%s)", list(pair))
    for form in (
        lambda: analyst.submit(f"/search/export?asked={question}", {"format": "csv"}),
        lambda: analyst.submit(f"/exports?asked={question}", {"reason": WHY, "approver": str(house.people["head"])}),
        lambda: head.submit(f"{request_of}/approve"),
    ):
        before = alarms(house)
        answer = form()
        assert answer.status_code in {403, 422}
        assert "Content-Disposition" not in answer.headers
        assert alarms(house) > before


def test_an_alarm_stays_where_what_was_agreed_to_is_damaged_when_it_is_fetched(house, client_as, pair, request_of):
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    superuser(house, "update records set head_ciphertext = 'x' where id = any(%s)", list(pair))
    before = alarms(house)
    assert client_as("analyst").submit(f"{request_of}/fetch").status_code == 422
    assert alarms(house) > before


def test_an_alarm_stays_where_a_request_was_refused_for_its_reason(house, client_as, pair):
    low, _ = pair
    analyst = client_as("analyst")
    question = asked(analyst)
    superuser(house, "update records set head_ciphertext = 'x' where id = %s", low)
    before = alarms(house)
    form = {"format": "csv", "reason": " ", "approver": str(house.people["head"])}
    assert analyst.submit(f"/exports?asked={question}", form).status_code == 422
    assert alarms(house) > before


@pytest.mark.usefixtures("request_of")
def test_the_database_lets_the_two_alone_through(house):
    ids = {name: str(one) for name, one in house.people.items()}
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        assert connection.execute("select count(*) from record_exports").fetchone() == (0,), "nobody"
        for username, ceiling, count in (("analyst", 3, 1), ("head", 2, 1), ("head", 1, 0), ("hq", 3, 0)):
            connection.execute("select set_config('intelhub.actor', %s, true)", (ids[username],))
            connection.execute("select set_config('intelhub.department_ceiling', %s, true)", (str(ceiling),))
            assert connection.execute("select count(*) from record_exports").fetchone() == (count,), username
            assert connection.execute("update record_exports set state = state").rowcount == count
        connection.execute("select set_config('intelhub.actor', %s, true)", (ids["head"],))
        connection.execute("select set_config('intelhub.department_ceiling', '3', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update record_exports set approver_id = user_id")


def test_a_request_is_made_for_oneself_alone_and_never_to_oneself(house):
    for asker, approver in (("head", "hq"), ("analyst", "analyst")):
        with house.acting("analyst") as (_, session):
            session.add(
                RecordExportRow(
                    id=uuid4(), user_id=house.people[asker], approver_id=house.people[approver], level=2,
                    state="approved", row_version=1, created_at=exporting.clock.now(), sealed=b"x",
                )
            )  # fmt: skip
            with pytest.raises(ScopeMissing):
                session.flush()
            session.rollback()


@pytest.mark.usefixtures("request_of")
def test_a_request_says_nothing_in_clear_and_its_size_little(house, client_as):
    [(row, sealed)] = superuser(house, "select r::text, sealed from record_exports r")
    for word in (WHY, "phu tung", "Kormalin"):
        assert word not in row
        assert word.encode() not in bytes(sealed)
    measure = "select distinct octet_length(sealed), created_at = date_trunc('hour', created_at) from record_exports"
    sizes = superuser(house, measure)
    travelled(house, 1, abstract="Phụ tùng khác " + "x" * 90)
    ask(client_as("analyst"), house, reason="y" * exporting.LONGEST_REASON)
    assert superuser(house, measure) == sizes
    assert sizes[0][1]


@pytest.mark.usefixtures("pair")
def test_every_record_that_leaves_stands_in_the_log_under_the_number_of_the_file(house, client_as):
    analyst = client_as("analyst")
    more = [travelled(house, 1, level="0", list_item=None) for _ in range(2)]
    answer = export(analyst, text="level:0")
    number = dict(rows(answer)[0][1:])["Số bản xuất"]
    entries = superuser(house, "select entry from audit_pending where action = 'record:exported'")
    told = [json.loads(bytes(entry)) for (entry,) in entries]
    assert len(told) == 1
    assert UUID(number).hex in json.dumps(told).replace("-", "")
    assert {UUID(one.rpartition(":")[2]) for one in told[0]["shown"]} == set(more)
    assert "level:0" not in json.dumps(told)


def test_each_step_of_a_request_is_an_entry(house, client_as, request_of):
    head, analyst = client_as("head"), client_as("analyst")
    head.get(request_of)
    head.submit(f"{request_of}/approve")
    analyst.submit(f"{request_of}/fetch")
    analyst.submit(f"{request_of}/fetch")
    export_id = UUID(request_of.rpartition("/")[2])
    found = superuser(house, "select action, decision from audit_pending where object_id = %s", export_id)
    assert {
        ("record:export-asked", "allow"),
        ("record:export-shown", "allow"),
        ("record:export-approved", "allow"),
        ("record:exported", "allow"),
        ("access:refused", "deny"),
    } <= set(found)
    entries = superuser(house, "select entry from audit_pending where object_id = %s", export_id)
    assert not any(b"Kormalin" in bytes(entry) for (entry,) in entries)


def test_what_somebody_typed_is_no_formula_in_any_cell(house, client_as):
    travelled(house, 1, abstract=EVIL)
    analyst = client_as("analyst")
    raw = export(analyst, "csv", "HYPERLINK").data.decode("utf-8-sig")
    for separator in (";", ",", "\t"):
        for row in csv.reader(io.StringIO(raw, newline=""), delimiter=separator):
            assert not any(cell.strip().strip('"')[:1] in set("=+-@") - {""} for cell in row if cell.strip())
    assert "'" + EVIL.partition(";")[0] in raw


def test_nothing_of_an_export_stands_in_an_address_a_name_or_a_cache(client_as, request_of):
    client_as("head").submit(f"{request_of}/approve")
    answer = client_as("analyst").submit(f"{request_of}/fetch")
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="intelhub-[0-9a-f]{8}\.csv"', answer.headers["Content-Disposition"])
    assert re.fullmatch(r"/exports/[0-9a-f-]{36}", request_of)


@pytest.mark.parametrize(("username", "address"), [("analyst", "/exports"), ("head", "")])
def test_a_request_that_lapsed_keeps_no_list_of_records(house, client_as, request_of, monkeypatch, username, address):
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    monkeypatch.setattr(exporting, "LIVES", -exporting.LIVES)
    assert "Quá hạn" in client_as(username).get(address or request_of).get_data(as_text=True)
    with house.acting("analyst") as (actor, session):
        (row,) = exporting.export_queries.list_export_rows(actor, session)
        assert (row.state, exporting.sealing.open_export(session, row).lines) == ("lapsed", ())
    monkeypatch.undo()
    assert client_as("analyst").submit(f"{request_of}/fetch").status_code == 409
    assert client_as("head").get(request_of).status_code == 200
    entries = superuser(house, "select count(*) from audit_pending where action = 'record:export-lapsed'")
    assert entries == [(1,)]


@pytest.mark.usefixtures("pair")
def test_nobody_has_more_than_five_requests_waiting_and_those_stand_first(house, client_as, monkeypatch):
    analyst, head = client_as("analyst"), client_as("head")
    made = [ask(analyst, house).location for _ in range(exporting.MOST_OPEN)]
    answer = ask(analyst, house)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "5 đề nghị đang chờ" in page
    assert WHY in page
    assert head.submit(f"{made[-1]}/decline", {"reason": "Chưa cần"}).status_code == 303
    monkeypatch.setattr(exporting.export_queries, "MOST", 4)
    listed = re.findall(r'href="(/exports/[0-9a-f-]{36})"', head.get("/exports").get_data(as_text=True))
    assert set(listed) == set(made[:-1]), "what waits is shown before what does not, however new"
    monkeypatch.undo()
    listed = re.findall(r'href="(/exports/[0-9a-f-]{36})"', head.get("/exports").get_data(as_text=True))
    assert listed[-1] == made[-1]
    assert ask(analyst, house).status_code == 303


def test_an_answer_lost_in_time_is_none(house, client_as, request_of, monkeypatch):
    assert client_as("head").submit(f"{request_of}/approve").status_code == 303
    now = exporting.clock.now
    monkeypatch.setattr(exporting.clock, "now", lambda: now() + exporting.LIVES + timedelta(seconds=1))
    with house.acting("analyst") as (actor, session), pytest.raises(exporting.Conflict):
        exporting.fetch_export(actor, session, UUID(request_of.rpartition("/")[2]))
