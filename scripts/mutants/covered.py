"""Which tests come by which lines of the engine."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from subprocess import CompletedProcess

from changes import Change
from copies import KEPT, Copy, state
from coverage import CoverageData

TESTS = (
    "tests/mapping",
    "tests/cli/test_map_and_read.py",
    "tests/cli/test_mappings_and_explain.py",
    "tests/cli/test_mappings_new.py",
    "tests/cli/test_mappings_schema.py",
    "tests/cli/test_mappings_tables.py",
    "tests/cli/test_mappings_test.py",
    "tests/docs/test_mapping_pages.py",
    "tests/test_samples.py",
)
IMPORTED = ""
"""What stands for the test where a line runs before all tests."""


class Covered:
    """What was seen when all tests ran once; they run now, unless these were seen before."""

    def __init__(self, copy: Copy) -> None:
        file = KEPT / f"covered-{state()}"
        seen = file if file.exists() else copy.folder / "covered"
        if not file.exists():
            _passed(copy.run("covering", TESTS, seen))
        data = CoverageData(str(seen))
        data.read()
        self._files = {name: data.contexts_by_lineno(name) for name in data.measured_files()}
        if not file.exists():
            # In the order in which they will run: a test that fails because of its place would notice every change.
            _passed(copy.chosen(self._sorted(self._ranks)))
            KEPT.mkdir(exist_ok=True)
            shutil.copy(seen, file)

    def tests(self, change: Change) -> list[str]:
        """The tests that come by the changed statement, the most particular first; then the others of their files.

        Those may rely on what was made in an earlier test of theirs and kept. Where the statement runs when a module
        is imported, those come first that come by any line of the module, and all others follow.
        """
        lines = self._files.get(str(change.path), {})
        near = _of(lines.get(line, ()) for line in change.lines)
        imported = IMPORTED in near
        near = _of(lines.values()) if imported else near
        files = {_file(test) for test in near}
        same = {test for test in self._ranks if imported or _file(test) in files}
        return self._sorted(near) + self._sorted(same - near)

    def _sorted(self, tests: Iterable[str]) -> list[str]:
        return sorted({*tests} - {IMPORTED}, key=lambda test: (self._ranks[test], test))

    @cached_property
    def _ranks(self) -> Counter[str]:
        """By how many lines each test comes."""
        return Counter(test for lines in self._files.values() for tests in lines.values() for test in tests)


def _of(several: Iterable[Iterable[str]]) -> set[str]:
    return {test for tests in several for test in tests}


def _file(test: str) -> str:
    return test.partition("::")[0]


def _passed(done: "CompletedProcess[str]") -> None:
    if done.returncode:
        sys.exit(f"the tests fail without any change; mend them first\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
