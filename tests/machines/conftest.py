"""A PostgreSQL server for each process of a test run, and the crew on an empty database of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from machines.cluster import OwnCluster
from machines.crew import Crew
from machines.proxy import Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.process import Programs


@pytest.fixture(scope="session")
def own_cluster() -> Iterator[OwnCluster]:
    # pytest's own directories are closed to the server's user, again at each start of any run.
    cluster = OwnCluster(Path(tempfile.mkdtemp(prefix="backroom-machines-")))
    yield cluster
    cluster.remove()


@pytest.fixture
def database_name(own_cluster: OwnCluster) -> Iterator[str]:
    with own_cluster.database() as name:
        yield name


@pytest.fixture
def url(own_cluster: OwnCluster, database_name: str) -> str:
    """An empty database."""
    return own_cluster.url(database_name)


@pytest.fixture
def crew(programs: Programs, url: str, seed: str) -> Crew:
    """Five processes that reach the database by themselves."""
    crew = Crew(programs, url, url, seed)
    crew.start()
    return crew


@pytest.fixture
def way(own_cluster: OwnCluster) -> Iterator[Way]:
    opened = Way(own_cluster.port)
    yield opened
    opened.close()


@pytest.fixture
def led_crew(
    way: Way, own_cluster: OwnCluster, database_name: str, programs: Programs, seed: str
) -> Crew:
    """Five processes that reach the database by a way that can be cut."""
    url = own_cluster.url(database_name, way.port)
    crew = Crew(programs, url, own_cluster.url(database_name), seed)
    crew.start()
    return crew
