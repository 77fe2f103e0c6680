from collections.abc import Iterator

import pytest
from tests.world import World


@pytest.fixture
def world(sekmet, tmp_path) -> Iterator[World]:
    world = World(sekmet, tmp_path)
    yield world
    world.close()
