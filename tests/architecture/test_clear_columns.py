"""What stands in clear in the tables of records and of search: the spine's list (1 and 5), and not a column more."""

from __future__ import annotations

import psycopg
import pytest

from intelhub.platform.roles import driver_address

LABEL = {"level", "compartments", "origin_department_id"}
SEAL = {"content_version", "kek_id", "wrapped_dek"}
PARTITION = {"level", "compartments", "department_id", "year", "partition_id"}

# Each clear column with the words of the spine that let it stand there.
CLEAR = {
    "records": LABEL | SEAL | {
        "id", "pos", "owning_unit_id", "author_id", "assignee_id", "handling", "exposure", "state", "case_id",
        "row_version", "created_at", "updated_at",
        # With which units it was shared, one by one: docs/adr/0016-shared-with-units.md.
        "recipient_unit_ids",
    },
    # The same by unit, for lists.
    "record_recipients": {"unit_id", "record_id"},
    # An earlier version of a record: its label, whose it is, and whether others may see it.
    "record_versions": LABEL | SEAL | {"record_id", "is_published", "author_id"},
    # What the audit log says of a move too: who, which act, from which state to which, for which unit, from where.
    "record_steps": LABEL | (SEAL - {"content_version"}) | {
        "id", "record_id", "row_version", "event", "from_state", "to_state", "actor_id", "unit_id", "place",
    },
    # How many records a unit has at a level in a year: what counting their rows tells as well.
    "record_series": {"unit_id", "level", "year", "compartments", "last_number"},
    # Whose a saved view is, with whom and up to which level it is shared; its name is sealed with all it asks for.
    "record_views": {"id", "user_id", "level", "shared_unit_id"},
    # Whose watch or alert it is, and of which saved search.
    "record_watches": {"view_id", "user_id"},
    "record_alerts": {"id", "view_id", "user_id"},
    # Who asks whom to agree to an export up to which level, and how far that is; what it holds and why stands sealed.
    "record_exports": {"id", "user_id", "approver_id", "level", "state", "row_version", "created_at"},
    # The partition, which record and version a projection is of, and when it came in.
    "search_tail": PARTITION | {"id", "xid", "record_id", "row_version"},
    # The partition, the size class, and between which hours its documents lie.
    "search_segments": PARTITION | {"id", "xid", "documents", "size_class", "from_at", "to_at"},
    # The partition, which record and version, and under which opaque id its words lie on the search server.
    "search_documents": PARTITION | {"id", "xid", "record_id", "row_version"},
    # Whose words, how many documents they stand in, and which version of the dictionary this is: a random number.
    "search_dictionaries": {"id", "level", "compartments", "department_id", "epoch", "version", "documents"},
    "search_dictionary_parts": {"id", "wall_id", "level", "compartments", "department_id"},
}  # fmt: skip
# Ciphertexts, and what authenticates them.
SEALED = {
    "records": {"head_ciphertext", "body_ciphertext", "digest", "label_mac"},
    "record_recipients": set(),
    "record_versions": {"head_ciphertext", "body_ciphertext", "digest"},
    "record_steps": {"words_ciphertext"},
    "record_series": set(),
    "record_views": {"sealed"},
    "record_watches": {"sealed"},
    "record_alerts": {"sealed"},
    "record_exports": {"sealed"},
    "search_tail": {"sealed"},
    "search_segments": {"sealed"},
    "search_documents": {"sealed"},
    "search_dictionaries": {"sealed"},
    "search_dictionary_parts": {"sealed"},
}
# Types in which nobody can write a sentence.
NARROW = {"uuid", "uuid[]", "smallint", "integer", "bigint", "boolean", "xid8", "timestamp with time zone"}
CODES = {"handling", "state", "event", "from_state", "to_state", "place"}


@pytest.fixture
def columns(database):
    """Every column of these tables with its type."""
    with psycopg.connect(driver_address(database.superuser_url)) as connection:
        rows = connection.execute(
            "select c.relname, a.attname::text, format_type(a.atttypid, a.atttypmod)"
            " from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace"
            " and a.attnum > 0 and not a.attisdropped and c.relname ~ '^(record|search)'"
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, name, kind in rows:
        found.setdefault(table, {})[name] = kind
    return found


def test_every_table_of_records_and_of_search_is_in_the_list(columns):
    assert set(columns) == set(CLEAR) == set(SEALED)


@pytest.mark.parametrize("table", CLEAR)
def test_what_stands_in_clear_is_the_list(columns, table):
    assert set(columns[table]) == CLEAR[table] | SEALED[table]
    sealed = {name for name, kind in columns[table].items() if kind == "bytea"}
    assert sealed == SEALED[table] | ({"wrapped_dek"} & CLEAR[table])


@pytest.mark.parametrize("table", CLEAR)
def test_no_clear_column_could_hold_a_sentence(columns, table):
    for name in CLEAR[table] - {"wrapped_dek"}:
        assert columns[table][name] in NARROW or (columns[table][name] == "text" and name in CODES), name


def test_times_in_clear_are_rounded_to_the_hour(house):
    from tests.factories.record_world import fill

    fill(house)
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        for table, name in (("records", "created_at"), ("records", "updated_at"), ("search_segments", "from_at"),
                            ("search_segments", "to_at")):  # fmt: skip
            (odd,) = connection.execute(
                f"select count(*) from {table} where {name} <> date_trunc('hour', {name})"
            ).fetchone()
            assert odd == 0, (table, name)
        codes = connection.execute("select distinct state from records union select distinct handling from records")
        assert all(len(code) <= 9 for (code,) in codes)


def test_sizes_in_the_tables_come_in_classes(house):
    """The length of a ciphertext tells a class of sizes and not how much somebody wrote."""
    from tests.factories.record_world import submitted
    from tests.house import content

    for length in range(20, 420, 40):
        submitted(house, text=content()["text"] + " " + "x" * length)
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        sizes = connection.execute("select distinct octet_length(body_ciphertext) from records").fetchall()
        words = connection.execute("select distinct octet_length(words_ciphertext) from record_steps").fetchall()
    assert len(sizes) <= 3
    assert len(words) == 1
