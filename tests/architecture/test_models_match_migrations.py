"""The models say what the migrations made: no column, index or type on one side alone."""

from __future__ import annotations

import importlib
import pkgutil
import warnings

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

import intelhub
from intelhub.platform.database import Base
from intelhub.platform.migrate import compare, downgrade, upgrade
from intelhub.platform.roles import driver_address


def import_everything() -> None:
    """Every module, so that no model is missing from the metadata."""
    for found in pkgutil.walk_packages(intelhub.__path__, "intelhub."):
        if found.name.endswith(".models"):
            importlib.import_module(found.name)


def test_models_and_migrations_agree(database):
    import_everything()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compare(database.migrator_url, Base.metadata) == []


def test_a_difference_is_found(database):
    """The comparison that finds nothing above does look."""
    import_everything()
    with psycopg.connect(driver_address(database.superuser_url)) as connection:
        connection.execute("alter table records add column note text")
        connection.execute("alter table record_steps alter column row_version type bigint")
        connection.execute("drop index ix__records__author")
    found = " ".join(compare(database.migrator_url, Base.metadata))
    for word in ("note", "row_version", "ix__records__author"):
        assert word in found


def test_every_table_of_ours_has_a_model(database):
    import_everything()
    engine = create_engine(database.migrator_url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = set(inspect(engine).get_table_names())
    engine.dispose()
    ours = {name for name in tables if not name.startswith("procrastinate_")} - {"alembic_version"}
    assert ours == set(Base.metadata.tables)


@pytest.mark.parametrize("revision", ["base", "0005"])
def test_the_way_back_and_forth_ends_where_it_began(database, revision):
    import_everything()
    downgrade(database.migrator_url, revision)
    upgrade(database.migrator_url)
    assert compare(database.migrator_url, Base.metadata) == []
