"""An input that would do too much, or is not whole, waits for a person; what was owed before still goes."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from tests.world import World, but, lines

from fhircase.cli import exits
from fhircase.config import Config
from fhircase.errors import CutShort, Problem
from fhircase.exchange.brake import Effect, Known, Limits, excesses
from fhircase.ledger import RecordKey
from fhircase.records import as_line, aside
from fhircase.wiring import open_site
from fhircase.worker import brake

TIGHT = {"brake": {"change": 30, "close": 10, "least": 2}}


def cases(world, count, **changes):
    return [but(world.case(number), **changes) if changes else world.case(number) for number in range(count)]


@pytest.fixture
def hospital(world: World):
    for number in range(10):
        world.patient(number)
    site = world.hospital(**TIGHT)
    assert site.push(lines(cases(world, 10))).sent == 10
    return site


def statuses(world):
    found = (each for each in world.everything() if each["resourceType"] == "EpisodeOfCare")
    return sorted(each["status"] for each in found)


def fresh(world, count):
    """New cases of clients who are known."""
    return [but(world.case(number % 10), key=world.key("case", f"N-{number}")) for number in range(count)]


def test_new_records_beside_those_that_are_known_are_taken_in_until_they_are_more(world, hospital):
    report = hospital.push(lines([*cases(world, 10), *fresh(world, 10)]))
    assert (report.braked, report.sent) == (None, 10)
    report = hospital.push(lines([*cases(world, 10), *fresh(world, 31)]))
    assert report.braked.reasons == (
        "it would create 21 records of kind case where 20 are known (105 %, more than 100 %)",
    )
    assert (report.braked.records, report.sent, len(statuses(world))) == (21, 0, 20)


def test_an_input_whose_keys_are_others_than_before_makes_nothing_until_it_is_released(world, hospital):
    report = hospital.push(lines(fresh(world, 4)))
    [reason] = report.braked.reasons
    known, doubt = reason.split("; ")
    assert known == "it would create 4 records of kind case where 10 are known (40 %, more than 33 %"
    assert doubt == "hardly a known one is in it: is it the right input, and are its keys those of before?)"
    assert (report.sent, len(statuses(world))) == (0, 10)
    assert hospital.push(release=True).sent == 4
    assert hospital.push(lines([*cases(world, 1), *fresh(world, 10)])).sent == 6


def test_new_records_are_not_counted_where_the_settings_say_so(world, hospital):
    free = {"brake": {**TIGHT["brake"], "create": float("inf")}}
    assert world.hospital(**free).push(lines(fresh(world, 30))).sent == 30


def test_a_record_that_comes_twice_counts_once(world, hospital):
    waiting = cases(world, 2, status="on-hold")
    assert hospital.push(lines([*waiting, *cases(world, 2, team=()), *waiting])).braked is None
    report = hospital.push(lines([*cases(world, 3, status="closed"), *cases(world, 4, status="closed")]))
    assert report.braked.reasons[-1] == "it would close 4 of 10 known records of kind case (40 %, more than 10 %)"


def test_a_new_record_that_comes_twice_is_created_once(world, hospital):
    assert hospital.push(lines([*cases(world, 10), *fresh(world, 10), *fresh(world, 10)])).sent == 10


def test_a_new_kind_of_record_is_measured_by_those_that_are_known(world, hospital):
    plans = [but(world.plan(number % 10), key=world.key("care-plan", f"P-{number}")) for number in range(11)]
    [reason] = hospital.push(lines(plans)).braked.reasons
    assert reason == (
        "it would create 11 records of kind care-plan, which is new, where 10 of other kinds are known "
        "(110 %, more than 100 %)"
    )
    assert hospital.push(lines(plans[:10])).sent == 10


def test_a_kind_of_which_little_is_known_is_being_filled(world):
    for number in range(10):
        world.patient(number)
    site = world.hospital(**TIGHT)
    site.push(lines(cases(world, 2)))
    assert site.push(lines([*cases(world, 10), *map(world.plan, range(10))])).sent == 18


def test_a_first_fill_that_broke_off_is_not_held_when_it_comes_again(world, monkeypatch):
    def broken(stage, done, total):
        if (stage, done) == ("take", 3):
            raise KeyboardInterrupt

    monkeypatch.setattr(brake, "CHUNK", 3)
    for number in range(10):
        world.patient(number)
    site = world.hospital(**TIGHT)
    with pytest.raises(KeyboardInterrupt):
        site.push(lines(cases(world, 10)), progress=broken)
    assert site.ledger.counts() == {"case": 3}
    assert site.push(lines(cases(world, 10))).sent == 10
    assert site.push(lines(fresh(world, 4))).braked, "once it is filled, new ones count"


def test_the_same_first_fill_for_two_servers_at_once_is_held_for_neither(world):
    for number in range(10):
        world.patient(number)
    config = Config.model_validate({"ledger": str(world.folder / "hospital"), "servers": {"other": _server(world)}})

    def meanwhile():
        yield from lines(cases(world, 10))
        with open_site(config, "other") as other:
            assert other.push(lines(cases(world, 10))).sent == 10

    assert world.hospital(**TIGHT).push(meanwhile()).braked is None


def test_an_input_that_closes_many_sends_nothing_of_itself_and_all_that_was_owed(world, hospital):
    owed = world.plan(0)
    hospital.ledger.keep(_key(world, "care-plan", "P-0"), as_line(owed).rstrip(), now=_now())
    hospital.ledger.wish("ehr", [_key(world, "care-plan", "P-0")], now=_now())
    report = hospital.push(lines(cases(world, 3, status="closed")))

    assert report.braked.code == "too-much"
    assert report.braked.reasons == ("it would close 3 of 10 known records of kind case (30 %, more than 10 %)",)
    assert (report.braked.records, report.sent) == (3, 1)
    assert statuses(world) == ["active"] * 10


def test_few_records_are_never_held_however_few_are_known(world, hospital):
    assert hospital.push(lines(cases(world, 2, status="closed"))).braked is None
    assert statuses(world).count("finished") == 2


def test_what_waits_outlives_the_process_and_is_taken_in_when_released(world, hospital):
    hospital.push(lines(cases(world, 4, status="closed")))
    hospital.close()
    again = world.hospital(**TIGHT)
    assert again.push().braked.records == 4

    report = again.push(release=True)
    assert (report.sent, report.braked, report.outstanding) == (4, None, 0)
    assert statuses(world).count("finished") == 4
    assert again.ledger.facts("ehr").get(brake.FACT) is None


def test_what_is_let_go_of_is_never_sent(world, hospital):
    hospital.push(lines(cases(world, 4, status="closed")))
    assert brake.discard(hospital.ledger, "ehr") == 4
    assert hospital.push(release=True).sent == 0
    assert statuses(world) == ["active"] * 10


def test_a_correct_input_takes_the_place_of_what_waits_of_its_records(world, hospital):
    hospital.push(lines(cases(world, 4, status="closed")))
    report = hospital.push(lines([but(world.case(0), status="on-hold")]))
    assert (report.sent, report.braked.records) == (1, 3)
    hospital.push(release=True)
    assert statuses(world).count("finished") == 3
    assert statuses(world).count("onhold") == 1


def test_what_a_newer_input_for_another_server_came_past_is_left_and_named(world, hospital):
    hospital.push(lines(cases(world, 4, status="closed")))
    config = Config.model_validate({"ledger": str(world.folder / "hospital"), "servers": {"other": _server(world)}})
    with open_site(config, "other") as other:
        other.push(lines([but(world.case(0), status="on-hold")]))
    report = hospital.push(release=True)
    assert [(each.key.value, each.code) for each in report.held] == [("C-0", "overtaken")]
    assert report.braked.records == 1
    assert statuses(world).count("finished") == 3


def test_an_export_after_a_change_of_the_mapping_is_no_change_of_records(world, hospital):
    with_zone = [(b" " + text, record) for text, record in lines(cases(world, 10))]
    report = hospital.push(with_zone)
    assert (report.braked, report.sent) == (None, 0)


def test_the_same_input_given_twice_waits_once(world, hospital):
    for _ in range(2):
        assert hospital.push(lines(cases(world, 4, status="closed"))).braked.records == 4


def test_an_input_that_ends_in_the_middle_waits_as_a_whole(world, hospital):
    def cut():
        yield from lines(cases(world, 1, status="on-hold"))
        raise CutShort(Problem("the file ends inside a value"))

    report = hospital.push(cut())
    assert (report.braked.code, report.braked.records, report.sent) == ("cut-short", 1, 0)


def test_an_input_too_long_for_memory_is_taken_in_as_it_came(world, hospital, monkeypatch):
    monkeypatch.setattr(aside, "NEAR", 3)
    records = cases(world, 10, status="on-hold")
    report = hospital.push(lines([*records, *cases(world, 1)]))
    assert report.braked.records == 10
    report = hospital.push(release=True)
    assert report.sent == 9
    assert statuses(world).count("onhold") == 9


def test_a_text_that_comes_twice_with_another_between_counts_as_it_came_last(world, hospital):
    same, other = world.case(0), but(world.case(0), status="on-hold")
    report = hospital.push(lines([same, other, same]))
    assert report.outstanding == 0
    assert statuses(world) == ["active"] * 10


def test_absence_from_a_file_is_no_deletion(world, hospital):
    before = {(each["resourceType"], each["id"]): each["meta"]["versionId"] for each in world.everything()}
    report = hospital.push(lines(cases(world, 1)))
    assert (report.sent, report.requests, report.outstanding) == (0, 0, 0)
    hospital.push(lines([but(world.case(3), status="on-hold")]))
    after = {(each["resourceType"], each["id"]) for each in world.everything()}
    assert after == before.keys()
    assert len(list(hospital.ledger.scan("case"))) == 10


def test_limits_count_each_kind_by_itself():
    effect = Effect()
    effect.changed.update({"case": 40, "referral": 21})
    effect.closed.update({"case": 21, "referral": 20})
    known = Known({"case": 100, "referral": 1000}, {})
    assert [each.split(" (")[0] for each in excesses(effect, known, Limits())] == [
        "it would change 40 of 100 known records of kind case",
        "it would close 21 of 100 known records of kind case",
    ]
    assert not list(excesses(effect, known, Limits(change=100, close=100)))


@pytest.fixture
def command(world, run, tmp_path):
    settings = f'patient_identifiers = ["{world.namespace}/mrn"]\n[brake]\nleast = 2\n'
    (tmp_path / "fhircase.toml").write_text(f'{settings}[servers.ehr]\nurl = "{world.url}"\n', encoding="utf-8")
    for number in range(8):
        world.patient(number)
    assert run("push", "--server", "ehr", "-", stdin=_text(cases(world, 8))).exit_code == exits.DONE
    return run


def test_a_person_sees_what_would_change_and_says_go(world, command):
    held = command("push", "--server", "ehr", "-", stdin=_text(cases(world, 5, status="closed")))
    assert held.exit_code == exits.OWED
    assert "it would close 5 of 8 known records of kind case (62 %, more than 10 %)" in held.stderr
    assert "`fhircase release`" in held.stderr

    shown = command("release", "--show", "--json")
    assert shown.exit_code == exits.OWED
    [kind] = json.loads(shown.stdout)["ehr"]["kinds"]
    assert (kind["records"], kind["new"], kind["fields"]) == (5, 0, {"status": 5})
    assert kind["samples"] == ["C-0", "C-1", "C-2", "C-3", "C-4"]
    assert "status 5" in command("release", "--show").stdout

    assert command("release").exit_code == exits.DONE
    assert statuses(world).count("finished") == 5
    assert "nothing waits" in command("release").stderr


def test_a_person_lets_go_of_it(world, command):
    command("push", "--server", "ehr", "-", stdin=_text(cases(world, 5, status="closed")))
    assert command("release", "--show", "--discard").exit_code == exits.USAGE
    assert "5 records let go of" in command("release", "--discard").stderr
    assert statuses(world) == ["active"] * 8


@pytest.mark.parametrize("form", ["lines", "list", "packed"])
def test_a_file_that_is_cut_off_sends_nothing(world, command, tmp_path, form):
    text = _text(cases(world, 3, status="on-hold"))
    file = tmp_path / "in.ndjson"
    if form == "list":
        file.write_bytes(b"[" + b",".join(text.splitlines()))
    elif form == "packed":
        file = tmp_path / "in.ndjson.gz"
        file.write_bytes(gzip.compress(text)[:-20])
    else:
        file.write_bytes(text[:-20])
    result = command("push", "--server", "ehr", str(file))
    assert result.exit_code == exits.OWED, result.stderr
    assert "not taken in" in result.stderr
    assert statuses(world) == ["active"] * 8


def test_a_packed_file_that_is_whole_is_read_as_any_other(world, command, tmp_path):
    (tmp_path / "in.ndjson.gz").write_bytes(gzip.compress(_text(cases(world, 2, status="on-hold"))))
    assert command("push", "--server", "ehr", "in.ndjson.gz").exit_code == exits.DONE
    assert statuses(world).count("onhold") == 2


def _server(world):
    return {"url": world.url, "patient_identifiers": [f"{world.namespace}/mrn"]}


def _text(records):
    return b"".join(map(as_line, records))


def _now():
    return datetime.now(UTC)


def _key(world, kind, value):
    return RecordKey(kind, world.namespace, value)
