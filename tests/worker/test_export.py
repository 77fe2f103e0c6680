"""A ledger written out as lines and filled into another one, against a real server."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from tests.world import but, lines

from fhircase.cli import exits
from fhircase.ledger import RecordKey, UnknownCode, Unread, open_ledger
from fhircase.worker.export import exported
from fhircase.worker.forget import forget
from fhircase.worker.verify import verify

NOW = datetime.now(UTC)
BRAKE = {"brake": {"change": 30, "close": 10, "least": 0}}


@pytest.fixture
def hospital(world):
    """A ledger with something of everything: a conflict, news, a person forgotten, what waits for a release."""
    for number in range(4):
        world.patient(number)
    site = world.hospital(**BRAKE)
    site.push(lines(world.caseload(4)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    site.push(lines([but(world.plan(0), title="ours")]))
    world.edit(world.one("CarePlan", "care-plan", "P-1"), description="théirs")
    site.pull()
    [first, *_] = site.changes()
    site.ack(first.cursor)
    forget(site.ledger, f"{world.namespace}/mrn|M3", now=NOW)
    assert site.push(lines([but(world.case(number), status="closed") for number in range(3)])).braked
    key = RecordKey("referral", world.namespace, "R-9")
    site.ledger.keep_unread(Unread("ehr", key, "m", b"[]", (UnknownCode("t", "c", "p"),)), now=NOW)
    site.ledger.keep_fact("ehr", "probe", '{"a":1}', now=NOW)
    return site


def export(world):
    return [world.case(0), but(world.plan(0), title="ours"), *world.caseload(3)[2:]]


def test_what_is_exported_and_imported_is_the_same_ledger_and_sends_nothing(world, hospital, run):
    texts = []
    for source, target in (("hospital", "second"), ("second", "third")):
        file = f"{source}.ndjson"
        assert run("ledger", "export", "-o", file, "--ledger", source).exit_code == exits.DONE
        result = run("ledger", "import", file, "--ledger", target)
        assert (result.exit_code, "do not use that one any more" in result.stderr) == (exits.DONE, True)
        texts.append((world.folder / file).read_bytes())
    assert texts[0] == texts[1]
    tables = {json.loads(line)["table"] for line in texts[0].splitlines()}
    assert tables >= {"conflicts", "changes", "cursors", "facts", "links", "braked", "forgotten", "unread"}

    offers = [(offer.cursor, offer.text) for offer in hospital.changes()]
    second = world.hospital("second", **BRAKE)
    assert list(verify(second.ledger)) == []
    assert second.conflicts() == hospital.conflicts() != []
    assert [(offer.cursor, offer.text) for offer in second.changes()] == offers != []
    report = second.push(lines(export(world)))
    assert (report.sent, report.requests, report.braked.records) == (0, 0, 3)
    assert second.pull().changes == ()
    assert world.doubled() == []


def test_an_export_that_is_not_of_this_moment_is_looked_up_before_anything_is_sent(world, hospital, run):
    run("ledger", "export", "-o", "old", "--ledger", "hospital")
    new = but(world.plan(1), key=world.key("care-plan", "P-new"))
    assert world.hospital().push(lines([but(world.plan(1), title="since"), new])).sent == 2
    assert run("ledger", "import", "old", "--old", "--ledger", "second").exit_code == exits.DONE
    second = world.hospital("second")
    assert "restored" in second.ledger.facts("ehr")
    report = second.push(lines([new]))
    assert (report.created, world.doubled()) == (0, [])
    assert world.one("CarePlan", "care-plan", "P-1")["title"] == "since"


def test_a_ledger_that_holds_something_takes_no_export(world, hospital, run):
    run("ledger", "export", "-o", "e", "--ledger", "hospital")
    before = list(hospital.ledger.dump())
    result = run("ledger", "import", "e", "--ledger", "hospital")
    assert result.exit_code == exits.USAGE
    assert "the ledger is not empty; name a new one with --ledger" in result.stderr
    assert list(hospital.ledger.dump()) == before


def cut(text):
    """What says that the end is missing, and files of which it is."""
    rows = text.splitlines(keepends=True)
    parts = (text[: len(text) // 2], text[:-30], b"".join(rows[:-1]), b"")
    return [("the file ends in the middle", part) for part in parts]


def altered(text):
    """What is said of files that are not as they were exported, with the line."""
    rows = text.splitlines(keepends=True)
    return [
        (f"e:{len(rows)}: a line is not as it was exported", text.replace(b'"theirs', b'"thoirs', 1)),
        (f"e:{len(rows) - 1}: lines are missing, or were added", b"".join([*rows[:-2], rows[-1]])),
        (f"e:{len(rows) + 1}: there is more after the end", text + rows[1]),
        ("e:3: no row of a ledger", b"".join([*rows[:2], b"[]\n", *rows[2:]])),
        ("e:1: not how a ledger's export begins", b"".join(rows[1:])),
        ("e:1: written by a newer fhircase", text.replace(b'"version":', b'"version":9', 1)),
        ("e:2: the table has no such column @ records.is", text.replace(b'"id":', b'"is":', 1)),
    ]


def test_a_file_that_is_cut_or_altered_is_refused_with_its_line_and_nothing_is_taken(world, hospital, run):
    text = b"".join(exported(hospital.ledger))
    for words, bad in [*cut(text), *altered(text)]:
        (world.folder / "e").write_bytes(bad)
        result = run("ledger", "import", "e", "--ledger", "new")
        assert (result.exit_code, words in result.stderr) == (exits.USAGE, True), result.stderr
        assert "as `fhircase ledger export` wrote it" in result.stderr or "upgrade fhircase" in result.stderr
        with open_ledger(world.folder / "new") as new:
            assert [table for table, _ in new.dump()] == ["ledger"]


def test_a_packed_export_is_read_and_one_that_is_cut_is_refused(world, hospital, run):
    packed = gzip.compress(b"".join(exported(hospital.ledger)))
    for content, code in ((packed[:-40], exits.USAGE), (packed, exits.DONE)):
        (world.folder / "e.gz").write_bytes(content)
        assert run("ledger", "import", "e.gz", "--ledger", "new").exit_code == code
