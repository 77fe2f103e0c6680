"""The faults that show what the state machine notices can still be put in."""

import runpy
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def test_every_fault_of_the_list_has_its_place_in_the_code():
    script = runpy.run_path(str(SCRIPTS / "faults.py"))
    every = script["faults"]((SCRIPTS / "faults.toml").read_text(encoding="utf-8"))
    assert len(every) >= 20
    assert list(script["misplaced"](every)) == []


def test_a_fault_whose_place_is_gone_is_named():
    script = runpy.run_path(str(SCRIPTS / "faults.py"))
    [fault] = script["faults"]("[gone]\neffect = 'none'\nfile = 'exchange/push.py'\nold = 'no such line'\nnew = ''\n")
    [said] = script["misplaced"]([fault])
    assert "gone: `old` stands 0 times" in said
