"""Records and resources that stand alone, each on its line: mapped and read as they come, on as many cores as wished.

What is made of a batch goes between processes as text and problems: the work is done where the text is parsed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from fhircase.cli.screen import complain
from fhircase.cli.spread import spread
from fhircase.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fhircase.mapping.worklist import Worklist
    from fhircase.records import Cut


def _nothing_lacks() -> "Worklist":
    from fhircase.mapping.worklist import Worklist

    return Worklist()


@dataclass
class Made:
    """What was made of a batch of pieces."""

    count: int = 0
    bad: int = 0
    """Pieces that hold nothing to be taken, or that could not be mapped."""
    records: int = 0
    refused: int = 0
    """Resources that could not be read."""
    problems: list[Problem] = field(default_factory=list)
    lines: bytearray = field(default_factory=bytearray)
    leftovers: bytearray = field(default_factory=bytearray)
    unclaimed: Counter[str] = field(default_factory=Counter)
    lacking: "Worklist" = field(default_factory=_nothing_lacks)
    """The codes for which something was refused."""

    def add(self, other: "Made") -> None:
        """Count another batch in."""
        self.count += other.count
        self.bad += other.bad
        self.records += other.records
        self.refused += other.refused
        self.unclaimed += other.unclaimed
        self.lacking.update(other.lacking)


@dataclass(frozen=True)
class How:
    """How pieces are mapped or read."""

    fhir: str
    overlays: tuple[str, ...]
    jobs: int = 1
    timezone: ZoneInfo | None = None
    bundles: bool = False
    """Whether each record's resources are one Bundle."""
    server: str = ""
    leftovers: bool = False


def run(cuts: "Iterable[Cut]", how: How, stream: BinaryIO, leftovers: BinaryIO | None = None, *, reading: bool) -> Made:
    """Map or read all pieces, write what comes of them in their order, and tell what is wrong with them."""
    sums = Made()
    for made in spread(cuts, partial(read_all if reading else map_all, how=how), how.jobs):
        sums.add(made)
        complain(made.problems)
        stream.write(made.lines)
        if leftovers is not None:
            leftovers.write(made.leftovers)
    return sums


def map_all(cuts: "Iterable[Cut]", how: How) -> Made:
    """Make resources of a batch of records."""
    from fhircase.fhir import jsontext
    from fhircase.mapping import to_fhir
    from fhircase.records import read_record

    made = Made()
    for cut in cuts:
        made.count += 1
        line = read_record(cut, how.timezone)
        if line.record is None:
            made.bad += 1
            made.problems += line.problems
            continue
        try:
            resources = to_fhir(line.record, how.fhir, (), how.overlays)
        except InvalidInput as error:
            made.bad += 1
            made.problems += _at(error.problems, cut.source)
            continue
        made.records += 1
        for each in [_bundle(resources)] if how.bundles else resources:
            made.lines += jsontext.encode(each) + b"\n"
    return made


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def read_all(cuts: "Iterable[Cut]", how: How) -> Made:
    """Make records of a batch of Bundles and resources, each by itself."""
    from fhircase.cli.resource import left_over, leftovers_of, name_of, placed
    from fhircase.fhir import jsontext
    from fhircase.mapping import from_bundle
    from fhircase.records import as_line, places, read_resource

    made = Made()
    for cut in cuts:
        made.count += 1
        found = read_resource(cut)
        if found.problems:
            made.bad += 1
            made.problems += found.problems
            continue
        readings = from_bundle(found.resource, how.fhir, how.overlays, how.server)
        where = {id(resource): line for resource, line in places(found)} if readings.refused else {}
        for refused in readings.refused:
            made.refused += 1
            at = where.get(id(refused.resource), "")
            made.lacking.add(name_of(refused.resource), refused.problems)
            made.problems += [placed(problem, refused.resource, at) for problem in refused.problems]
        for reading in readings.readings:
            made.records += 1
            made.lines += as_line(reading.record)
        made.unclaimed.update(resource["resourceType"] for resource in readings.unclaimed)
        if how.leftovers:
            of_records = (left for reading in readings.readings for left in leftovers_of(reading))
            for left in (*of_records, *map(left_over, readings.unclaimed)):
                made.leftovers += jsontext.encode(left) + b"\n"
    return made


def _at(problems: Iterable[Problem], source: str) -> Iterator[Problem]:
    from dataclasses import replace

    return (replace(problem, source=problem.source or source) for problem in problems)
