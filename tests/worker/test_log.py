"""What the exchange says of itself: enough to follow it, and never a person's data."""

import json

from tests.world import but, lines

from fhircase.cli import logs
from fhircase.config import Config


def test_each_request_record_and_piece_of_news_is_told_with_its_ids(world, logged):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="another")
    hospital.pull()

    told = [(record.msg, getattr(record, "key", None), record.levelname) for record in logged.records]
    assert told[0] == ("push started", None, "INFO")
    assert {("settled", f"{letter}-0", "INFO") for letter in "CPR"} <= set(told)
    assert ("news", "P-0", "INFO") in told
    assert next(record.fields for record in logged.records if record.msg == "news") == ("title",)
    requests = [record for record in logged.records if record.msg == "request"]
    assert {record.method for record in requests} >= {"GET", "POST"}
    assert all(record.milliseconds >= 0 and record.server == "ehr" for record in requests)


def test_nothing_about_a_person_gets_into_the_log(world, logged):
    secret = "Zaphod Beeblebrox"
    world.patient(0, name=[{"text": secret}])
    case = world.case(0)
    case = but(case, client=but(case.client, names=(but(case.client.names[0], family=secret),)))
    plan = but(world.plan(0), title=secret)
    hospital = world.hospital()
    hospital.push(lines([case, plan, world.referral(0)]))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title=f"{secret} II")
    hospital.pull()
    hospital.push(lines([but(plan, title=f"{secret} III")]))

    assert len(logged.records) > 10
    assert not [record for record in logged.records if secret in str(vars(record)) or "M0" in str(vars(record))]


def test_a_program_reads_the_log_as_json_lines_on_stderr(world, capsys):
    world.patient(0)
    logs.start(Config.model_validate({"log": "json"}))
    try:
        world.hospital().push(lines(world.caseload(1)))
    finally:
        logs.start(Config())
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert told[0].items() >= {"event": "push started", "server": "ehr", "level": "info"}.items()
    assert told[-1].items() >= {"event": "push ended", "given": 3, "sent": 3, "outstanding": 0}.items()
    assert all(line["timestamp"].endswith("Z") for line in told)


def test_without_the_setting_nothing_is_written(world, capsys):
    logs.start(Config())
    world.hospital().push(lines([world.case(5)]))
    assert capsys.readouterr().err == ""
