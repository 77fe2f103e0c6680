"""A mapping's own samples: a record and the resources that it is, run both ways as the mapping's tests.

Beside `plan.yaml`, a mapping or an overlay, the folder `plan.samples` holds for each sample

- `NAME.record.json`: the record, as `fhircase read` writes it: of ours, or of the model that the mapping names;
- `NAME.R4.json` (R4B, R5): the resources that it is, one or a list;
- `NAME.R4.before.json`, if there is one: the resources onto which the record is written to become those;
- `NAME.R4.leftovers.json`, if there is one: what no rule owns in them, as `Type#pointer`. Without a `before` the
  resources are somebody else's then, and the record written onto them changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhircase.errors import InvalidInput, MappingFileError, Problem
from fhircase.fhir import jsontext
from fhircase.fhir.elements import VERSIONS
from fhircase.mapping import Reading, files, from_fhir, to_fhir
from fhircase.mapping.compiled import Mapping, compiled
from fhircase.mapping.kinds.rule import alike
from fhircase.records import as_data, read_records, read_rows


@dataclass(frozen=True, slots=True)
class Sample:
    """One record in one FHIR version."""

    folder: Path
    name: str
    version: str
    overlays: tuple[str, ...]
    mapping: str | None = None
    """The mapping file, where it is bound to a model of somebody's own."""

    def file(self, what: str = "") -> Path:
        """The file of its resources, or of what there is besides: `before`, `leftovers`."""
        return self.folder / f"{self.name}.{self.version}{f'.{what}' if what else ''}.json"

    @property
    def record(self) -> Path:
        """The file of its record, the same for every version."""
        return self.folder / f"{self.name}.record.json"

    @property
    def foreign(self) -> bool:
        """Whether its resources are somebody else's: then they say what the record is, and not the other way round."""
        return not self.file("before").exists() and (self.file("leftovers").exists() or not self.record.exists())


@dataclass(frozen=True, slots=True)
class Side:
    """What one file of a sample says, and what the mapping makes of the other files."""

    file: Path
    what: str
    """How it was made, in words."""
    expected: Any
    """None where the file is not there."""
    made: Any
    problems: tuple[Problem, ...] = ()
    """Why nothing could be made."""

    @property
    def fine(self) -> bool:
        """Whether the mapping makes just what the file says."""
        return not self.problems and alike(self.expected, self.made)


def found(name: str, overlays: Sequence[str] = ()) -> list[Sample]:
    """The samples of a mapping or overlay, by its name or file.

    Raises:
        MappingFileError: there is no such file, or no sample beside it.
    """
    place = _place(name)
    own = [str(place)] if any("overlay" in document for document in files.documents(place)) else []
    theirs = (
        str(place) if any(word in each for each in files.documents(place) for word in ("model", "schema")) else None
    )
    folder = place.with_suffix(".samples")
    several = [
        Sample(folder, name, version, (*overlays, *own), theirs)
        for version in VERSIONS
        for name in sorted(file.name.removesuffix(f".{version}.json") for file in folder.glob(f"*.{version}.json"))
    ]
    alone = {file.name.removesuffix(".record.json") for file in folder.glob("*.record.json")}
    several += [
        Sample(folder, name, version, (*overlays, *own), theirs)
        for name in sorted(alone - {sample.name for sample in several})
        for version in ("R4", "R5")
    ]
    if not several:
        hint = f"put NAME.record.json, or NAME.R4.json, into {folder.name} and run `mappings test --accept`"
        raise MappingFileError(Problem("has no samples", source=place.name, hint=hint))
    return several


def _place(name: str) -> Path:
    """The file of a mapping or overlay."""
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    for place in sorted(files.folder().rglob("*.yaml")):
        for document in files.documents(place):
            full = str(document.get("mapping") or document.get("overlay") or "")
            if name in (full, full.partition("@")[0]):
                return place
    raise MappingFileError(Problem(f"no mapping or overlay is called `{name}`", hint="see `fhircase mappings list`"))


def sides(sample: Sample) -> Iterator[Side]:
    """Run a sample both ways: each of its files, and what the mapping makes of the others.

    Raises:
        InvalidInput: a file of it is no JSON, or the record in it is none.
    """
    if sample.file().exists():
        yield from _read(sample)
    if sample.record.exists():
        yield _written(sample)


def accept(sample: Sample) -> list[Path]:
    """Write what is expected anew: the resources of a record, or the record and leftovers of somebody's resources.

    Raises:
        InvalidInput: the mapping cannot make it; nothing is written.
    """
    if sample.foreign:
        return _kept(_read(sample))
    written = _kept([_written(sample)])
    return written + _kept(side for side in _read(sample) if side.file != sample.record)


def _kept(sides: Iterable[Side]) -> list[Path]:
    changed = [side for side in sides if not side.fine]
    if problems := [problem for side in changed for problem in side.problems]:
        raise InvalidInput(problems)
    for side in changed:
        side.file.write_text(jsontext.pretty(side.made), encoding="utf-8")
    return [side.file for side in changed]


def _read(sample: Sample) -> Iterator[Side]:
    what = f"read as {sample.version}"
    try:
        given = _resources(sample.file())
        reading = from_fhir(given, sample.version, overlays=sample.overlays, mapping=sample.mapping)
    except InvalidInput as error:
        yield Side(sample.record, what, None, None, error.problems)
        return
    expected = _data(_record(sample), sample) if sample.record.exists() else None
    yield Side(sample.record, what, expected, _data(reading.record, sample))
    leftovers = sample.file("leftovers")
    declared = _json(leftovers) if leftovers.exists() or sample.foreign else []
    if declared != [] or reading.leftovers:
        yield Side(leftovers, "left over", declared, _left(reading))


def _left(reading: Reading) -> list[str]:
    return [f"{reading.resources[each.resource]['resourceType']}#{each.pointer}" for each in reading.leftovers]


def _written(sample: Sample) -> Side:
    before, now = sample.file("before"), sample.file()
    onto = _resources(before) if before.exists() else _resources(now) if sample.foreign and now.exists() else []
    what = f"written as {sample.version}" + (
        f" onto {before.name}" if before.exists() else " onto itself" if onto else ""
    )
    try:
        made = to_fhir(_record(sample), sample.version, onto, sample.overlays, mapping=sample.mapping)
    except InvalidInput as error:
        return Side(now, what, None, None, error.problems)
    expected = _json(now)
    return Side(now, what, expected, made[0] if isinstance(expected, dict) and len(made) == 1 else made)


def _bound(sample: Sample) -> Mapping | None:
    """The mapping, where it is bound to a model of somebody's own."""
    return compiled(sample.mapping, sample.version, sample.overlays) if sample.mapping else None


def _data(record: Any, sample: Sample) -> Any:
    """What a record says, as its file has it."""
    bound = _bound(sample)
    return bound.model.dump(record) if bound else as_data(record)


def _record(sample: Sample) -> Any:
    file, bound = sample.record, _bound(sample)
    with file.open("rb") as stream:
        lines = list(read_rows(stream, file.name, bound.taken) if bound else read_records(stream, file.name))
    if problems := [problem for line in lines for problem in line.problems]:
        raise InvalidInput(problems)
    if len(lines) != 1:
        raise InvalidInput(Problem(f"holds {len(lines)} records", source=file.name, hint="a sample is one"))
    return lines[0].record


def _resources(file: Path) -> list[Any]:
    held = _json(file)
    return held if isinstance(held, list) else [held]


def _json(file: Path) -> Any:
    if not file.exists():
        return None
    try:
        return jsontext.decode(file.read_bytes())
    except ValueError as error:
        raise InvalidInput(Problem("is no JSON", source=file.name, hint=str(error))) from None
