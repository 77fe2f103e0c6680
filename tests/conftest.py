"""What holds for every test here: in CI a skipped test is a failure, for it proves nothing."""

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from fhircase.demo.server import local_server

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real FHIR R4 server, started once; its base URL. Tests share it: use identifiers of your own."""
    with local_server(tmp_path_factory.mktemp("sekmet")) as server:
        yield server.base_url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail_if_skipped((yield))


def _fail_if_skipped(report: Any) -> Any:
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI takes for a failure: {report.longrepr[-1]}"
    return report
