import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.world import World
from typer.testing import CliRunner

from fhircase.cli import app
from fhircase.worker.log import NAME


@pytest.fixture
def world(sekmet, tmp_path) -> Iterator[World]:
    world = World(sekmet, tmp_path)
    yield world
    world.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command in this process, in the test's folder; stdin is bytes."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str, stdin: bytes = b"") -> Any:
        return CliRunner().invoke(app, list(args), input=stdin)

    return command


@pytest.fixture
def logged(caplog):
    logger = logging.getLogger(NAME)
    before = logger.propagate, logger.level, list(logger.handlers)
    logger.propagate, logger.handlers = True, []
    with caplog.at_level(logging.DEBUG, logger=NAME):
        yield caplog
    logger.propagate, logger.level, logger.handlers = before
