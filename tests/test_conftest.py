from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py").read_text()
SUITE = """
import pytest

def test_runs():
    pass

@pytest.mark.xfail(reason="known")
def test_is_known_to_fail():
    assert False

@pytest.mark.skip(reason="no database")
def test_is_marked():
    pass

def test_skips_while_running():
    pytest.skip("no server")
"""
SKIPPED_MODULE = "import pytest\npytest.skip('no library', allow_module_level=True)"


@pytest.fixture
def suite(pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_suite=SUITE, test_module=SKIPPED_MODULE)
    return pytester


def test_in_ci_a_skipped_test_or_module_is_a_failure(suite, monkeypatch):
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_subprocess("--continue-on-collection-errors", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1, errors=2, xfailed=1)
    result.stdout.fnmatch_lines(["*Skipped, which CI takes for a failure: Skipped: no server*"])


def test_at_a_desk_a_skipped_test_is_only_skipped(suite, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    result = suite.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, skipped=3, xfailed=1)
