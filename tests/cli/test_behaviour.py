"""How all commands behave: errors in one place, files whole or not at all, quiet pipes, a light import."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fhircase
from fhircase.cli import door, exits
from fhircase.cli.files import output
from fhircase.errors import InvalidInput


def test_every_command_has_help(run):
    commands = (
        "init",
        "sample",
        "map",
        "read",
        "mappings",
        "explain",
        "push",
        "pull",
        "sync",
        "conflicts",
        "remap",
        "status",
        "demo",
    )
    listed = run("--help").stdout
    for name in commands:
        assert name in listed
        assert run(name, "--help").exit_code == 0


def test_it_runs_as_a_module_and_without_a_terminal_shows_no_progress(process):
    result = process("sample", "--count", "2")
    assert result.returncode == 0
    assert result.stderr == b""
    assert all(json.loads(line)["schema"] == 1 for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    "args",
    [
        ["map", "--fhir", "R3"],
        ["push"],
        ["sample", "--count", "-1"],
        ["nonsense"],
        ["map", "--bundle", "--diff", "-"],
        ["map", "-", "--overlay", "nowhere"],
        ["map", "-", "--config", "nowhere.toml"],
        ["push", "-", "--server", "nowhere"],
        ["status", "--ledger", "nowhere.ledger"],
    ],
)
def test_a_wrong_command_line_or_setting_is_told_without_a_traceback(process, args):
    result = process(*args)
    assert result.returncode == exits.USAGE
    assert result.stdout == b""
    assert b"Traceback" not in result.stderr
    assert result.stderr


def test_settings_are_wrong_all_at_once(run, tmp_path, golden):
    (tmp_path / "fhircase.toml").write_text('ledgr = "x"\ntimezone = "Mars"\n', encoding="utf-8")
    result = run("map", "-", stdin=b"")
    assert result.exit_code == exits.USAGE
    golden("settings", result.stderr)


def test_what_a_server_that_is_not_there_should_get_is_still_owed(run, tmp_path):
    run("sample", "--count", "1", "-o", "records.ndjson")
    (tmp_path / "fhircase.toml").write_text(
        'namespace = "https://hospital.example"\npatient_identifiers = ["https://hospital.example/mrn"]\n'
        '[servers.ehr]\nurl = "http://127.0.0.1:1/fhir"\n',
        encoding="utf-8",
    )
    for args in (["push", "records.ndjson"], ["sync", "records.ndjson"]):
        result = run(*args, "--server", "ehr")
        assert result.exit_code == exits.OWED
        assert "3 records still owed" in result.stderr
        assert result.stderr.count("no connection to") == 1
    shown = run("status", "--json")
    counts = {"agreed": 0, "owed": 3, "refused": 0, "held": 0, "conflicts": 0}
    assert shown.exit_code == exits.OWED
    assert json.loads(shown.stdout)["servers"]["ehr"].items() >= counts.items()


def test_an_output_in_a_folder_that_is_not_there_is_told_by_its_own_name(run):
    result = run("sample", "-o", "nowhere/x.ndjson")
    assert (result.exit_code, result.stderr) == (exits.USAGE, "nowhere/x.ndjson: No such file or directory\n")


def test_init_writes_settings_that_load_and_keeps_a_file_that_is_there(run, tmp_path):
    assert run("init").exit_code == exits.DONE
    before = (tmp_path / "fhircase.toml").read_bytes()
    assert run("map", "-", stdin=b"").exit_code == exits.DONE
    assert run("init").exit_code == exits.USAGE
    assert run("init", "--force").exit_code == exits.DONE
    assert (tmp_path / "fhircase.toml").read_bytes() == before


def test_an_output_file_appears_only_when_it_is_whole(tmp_path):
    place = tmp_path / "out.ndjson"
    place.write_bytes(b"before")

    def half() -> None:
        with output(place) as stream:
            stream.write(b"half")
            raise InvalidInput([])

    with pytest.raises(InvalidInput):
        half()
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]
    with output(place) as stream:
        stream.write(b"after")
    assert place.read_bytes() == b"after"


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_an_output_file_keeps_its_mode(tmp_path):
    place = tmp_path / "private.ndjson"
    place.touch(mode=0o600)
    with output(place) as stream:
        stream.write(b"x")
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    command = f"{sys.executable} -m fhircase sample --count 400 | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (result.stdout.strip(), result.stderr) == ("0", "")


def test_a_bug_is_told_by_place_and_never_with_what_it_was_about(capsys):
    @door.told
    def command() -> None:
        raise KeyError("Jane Doe")

    with pytest.raises(BaseException) as caught:  # noqa: PT011 - typer's Exit
        command()
    assert caught.value.exit_code == exits.BUG
    told = capsys.readouterr().err
    assert "a bug in fhircase: KeyError at test_behaviour.py:" in told
    assert "Jane" not in told


def test_importing_fhircase_loads_nothing_heavy():
    code = (
        "import sys, fhircase; "
        "heavy = {'pydantic', 'requests', 'httpx', 'msgspec', 'ruamel', 'fhir', 'typer', 'rich'} & set(sys.modules); "
        "assert not heavy, heavy; fhircase.Case; assert 'requests' not in sys.modules; "
        "fhircase.to_fhir; assert not {'requests', 'httpx', 'fhir.resources'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_is_quick_because_commands_load_what_they_need_when_they_run():
    code = (
        "import sys, fhircase.cli; heavy = {'requests', 'httpx', 'fhir', 'sekmet'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there():
    assert sorted(fhircase.__all__) == fhircase.__all__
    for name in fhircase.__all__:
        if not name.startswith("Async"):
            assert getattr(fhircase, name) is not None
    assert set(fhircase.__all__) <= set(dir(fhircase))
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = fhircase.Nonsense


def test_mypy_sees_the_types_of_the_public_names(tmp_path):
    script = tmp_path / "user.py"
    script.write_text(
        "import fhircase\n"
        "def title(plan: fhircase.CarePlan) -> str | None:\n"
        "    resources: list[dict[str, object]] = fhircase.to_fhir(plan)\n"
        "    reveal_type(fhircase.FHIRClient)\n"
        "    return plan.titel\n",
        encoding="utf-8",
    )
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert '"CarePlan" has no attribute "titel"' in result.stdout
    assert "FHIRClient" in result.stdout
