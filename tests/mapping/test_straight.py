"""What is generated does what the rules do, for whatever comes: the rules are the reference."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mapping.examples import CASE, PLAN, REFERRAL, but
from tests.mapping.test_anything import EVERY as EVERY_TYPE
from tests.mapping.test_anything import FILLS, made
from tests.mapping.test_custom import LOADED, SITE
from tests.mapping.test_laws import EVERY, strewn
from tests.often import often
from tests.strategies import records

from fhircase.errors import ResourceRefused
from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir, write
from fhircase.mapping.compiled import Mapping, all_compiled, mapping_for
from fhircase.mapping.context import Claims, Context, Misfit
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.rule import alike
from fhircase.mapping.models.fitting import Unfit
from fhircase.mapping.report import Entry, entries
from fhircase.mapping.resolve import anchored, resolve
from fhircase.mapping.straight.mapped import Straight
from fhircase.mapping.straight.source import Unusual
from fhircase.model import Client, record_type
from fhircase.records.sample import sample

JUNK = [None, 1, 1.5, True, "", "x", [], {}, [None], [1], ["x"], [[]], [{}], {"extension": []}, {"coding": "x"}]


@contextmanager
def by_rules() -> Iterator[None]:
    """All is done by the rules themselves."""

    def unusual(*_: Any) -> Any:
        raise Unusual

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Straight, "write", property(lambda _: unusual))
        patch.setattr(Straight, "read", property(lambda _: unusual))
        patch.setattr(Straight, "trace", property(lambda _: unusual))
        yield


def outcome(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ResourceRefused as error:
        return error.problems


@EVERY
def test_it_writes_what_the_rules_write(kind: str, fhir: str) -> None:
    @often(60)
    @given(records(kind))
    def holds(record: Any) -> None:
        with by_rules():
            expected = jsontext.encode(to_fhir(record, fhir))
        assert jsontext.encode(to_fhir(record, fhir)) == expected

    holds()


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_what_comes_every_day_is_written_without_the_rules(fhir: str) -> None:
    for record in sample(20, 1):
        _write(record, fhir)


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_a_sites_own_fields_are_written_as_the_rules_write_them(fhir: str, tmp_path: Path) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text(SITE, encoding="utf-8")
    _write(LOADED, fhir, (str(overlay),))
    with by_rules():
        expected = to_fhir(LOADED, fhir, overlays=[str(overlay)])
    assert to_fhir(LOADED, fhir, overlays=[str(overlay)]) == expected
    with pytest.raises(Unusual):
        _write(LOADED, fhir)


@pytest.mark.parametrize("fhir", ["R4", "R5"])
@pytest.mark.parametrize(
    "nobodys",
    [but(CASE, client=Client()), but(PLAN, client=None), but(REFERRAL, client=None)],
    ids=lambda each: each.key.kind,
)
def test_of_a_record_that_names_no_client_the_items_say_so_as_the_rules_do(nobodys: Any, fhir: str) -> None:
    _write(nobodys, fhir)
    with by_rules():
        expected = to_fhir(nobodys, fhir)
    assert to_fhir(nobodys, fhir) == expected
    subjects = [each["subject"] for each in expected if each["resourceType"] in ("Condition", "Goal", "Procedure")]
    assert subjects
    assert all(each["extension"][0]["valueCode"] == "unknown" for each in subjects)


def _write(record: Any, fhir: str, overlays: tuple[str, ...] = ()) -> None:
    """Write it in straight lines.

    Raises:
        Unusual: the rules themselves have to do it.
    """
    mapping = mapping_for(record_type(record), record.__dict__, fhir, overlays)
    ctx = Context(mapping.version, [], Index(), key=dict(record.key.__dict__))
    scope = mapping.scope(ctx)
    for role in mapping.always:
        scope.ensure(role)
    ctx.scratch = True
    mapping.straight.write(scope, record.__dict__)


@EVERY
def test_it_reads_what_the_rules_read(kind: str, fhir: str) -> None:
    @often(60)
    @given(records(kind), st.integers(0, 10_000))
    def holds(record: Any, seed: int) -> None:
        there = strewn(to_fhir(record, fhir), seed)
        mapping = next(m for m in all_compiled(fhir) if m.kind == kind and _anchors(m, there))
        try:
            read = _read(mapping, there, mapping.straight.read)
        except Unusual:
            # It may give up on what is rare, such as a need entered in error: then the rules do the work.
            unusual.append(record)
        else:
            assert alike(read, _read(mapping, there, mapping.shape.read))
            usual.append(record)

    usual: list[Any] = []
    unusual: list[Any] = []
    holds()
    assert len(usual) > len(unusual), "it reads what is there every day"


def _anchors(mapping: Mapping, resources: list[Any]) -> bool:
    return any(mapping.anchor(resource) for resource in resources)


def _read(mapping: Mapping, resources: list[Any], read: Callable[[Any], Any]) -> Any:
    ctx = Context(mapping.version, resources, Index(("", resource) for resource in resources))
    return read(resolve(mapping, ctx, anchored(mapping, resources)))


@EVERY
def test_it_accounts_for_each_scalar_as_the_rules_do(kind: str, fhir: str) -> None:
    @often(60)
    @given(records(kind), st.integers(0, 10_000))
    def holds(record: Any, seed: int) -> None:
        there = strewn(to_fhir(record, fhir), seed)
        mapping = next(m for m in all_compiled(fhir) if m.kind == kind and _anchors(m, there))
        traced.append(_accounts_alike(mapping, there))

    traced: list[bool] = []
    holds()
    assert sum(traced) > len(traced) / 2, "it accounts for what is there every day"


@EVERY_TYPE
def test_whatever_a_resource_holds_it_accounts_for_it_as_the_rules_do(kind: str, fhir: str) -> None:
    @often(25)
    @given(st.integers(0, 2**32), st.sampled_from(FILLS))
    def holds(seed: int, fill: float) -> None:
        there = [made(fhir, kind, seed, fill)]
        _accounts_alike(next(m for m in all_compiled(fhir) if _anchors(m, there)), there)

    holds()


def _accounts_alike(mapping: Mapping, there: list[Any]) -> bool:
    """Whether it accounts for the resources; then, too, it was seen to do so as the rules do."""
    try:
        # Blank texts and the like are told by the model, before anything is accounted for.
        mapping.model.load(_read(mapping, there, mapping.straight.read) | mapping.when)
        found = _accounts(mapping, there, mapping.straight.trace)
    except (Unusual, Misfit, Unfit):
        return False
    assert found == _accounts(mapping, there, mapping.shape.read)
    return True


def _accounts(mapping: Mapping, resources: list[Any], read: Callable[[Any], Any]) -> list[Entry]:
    ctx = Context(mapping.version, resources, Index(("", resource) for resource in resources), claims=Claims())
    read(resolve(mapping, ctx, anchored(mapping, resources)))
    return entries(resources, ctx.claims or Claims())


@EVERY
def test_onto_what_is_there_it_writes_what_the_rules_write(kind: str, fhir: str) -> None:
    @often(100)
    @given(records(kind), records(kind), st.data(), st.integers(0, 10_000))
    def holds(record: Any, other: Any, data: Any, seed: int) -> None:
        names = [name for name in type(record).model_fields if name not in ("key", "nature", "id")]
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        try:
            changed = type(record)(**dict(record) | {name: getattr(other, name) for name in chosen})
        except ValueError:
            return
        there = strewn(to_fhir(record, fhir), seed)
        with by_rules():
            expected = outcome(lambda: write(changed, fhir, there))
        found = outcome(lambda: write(changed, fhir, there))
        assert found == expected
        assert jsontext.encode([each.resource for each in found]) == jsontext.encode(
            [each.resource for each in expected]
        )

    holds()


@EVERY
def test_whatever_the_resources_say_the_answer_is_the_rules(kind: str, fhir: str) -> None:
    @often(150)
    @given(records(kind), st.integers(0, 10_000), st.integers(1, 3))
    def holds(record: Any, seed: int, times: int) -> None:
        there, pick = to_fhir(record, fhir), random.Random(seed)
        for _ in range(times):
            _damage(there, pick)
        with by_rules():
            expected = outcome(lambda: from_fhir(there, fhir, kind))
        found = outcome(lambda: from_fhir(there, fhir, kind))
        assert found == expected
        if not isinstance(found, tuple):
            assert found.report == expected.report
            assert from_fhir(there, fhir, kind, report=True).report == expected.report

    holds()


def _damage(node: Any, pick: random.Random) -> None:
    """Something else in a place, or nothing, or the same twice."""
    inner = [value for value in (node.values() if isinstance(node, dict) else node) if isinstance(value, dict | list)]
    if inner and pick.random() < 0.85:
        _damage(pick.choice(inner), pick)
        return
    if not node:
        return
    key = pick.choice(list(node) if isinstance(node, dict) else range(len(node)))
    if pick.random() < 0.2:
        del node[key]
    elif isinstance(node, list) and pick.random() < 0.5:
        node.append(jsontext.copy(node[key]))
    else:
        node[key] = jsontext.copy(pick.choice([*JUNK, *([node[key]] * 2)]))


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_known_keys_of_a_server_are_known_to_both(fhir: str) -> None:
    @often(60)
    @given(records("care-plan"), records("case"))
    def holds(plan: Any, case: Any) -> None:
        there = jsontext.decode(jsontext.encode(to_fhir(plan, fhir)))
        for node in _references(there):
            node.pop("identifier", None)
            node["reference"] = "EpisodeOfCare/7"
        known = {"EpisodeOfCare/7": case.key}
        with by_rules():
            expected = outcome(lambda: from_fhir(there, fhir, "care-plan", known))
        assert outcome(lambda: from_fhir(there, fhir, "care-plan", known)) == expected

    holds()


def _references(node: Any) -> Iterator[Any]:
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(value, dict) and isinstance(value.get("identifier"), dict):
            yield value
        yield from _references(value)
