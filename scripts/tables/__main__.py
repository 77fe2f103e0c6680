"""Write the tables that ship with fhircase, from a folder of FHIR packages.

    python scripts/tables FOLDER [TARGET]

FOLDER holds `hl7.fhir.r4.core` and `hl7.fhir.r5.core` (definitions with snapshots), and guides for R4 such as US Core
and SDOH Clinical Care, all as `*.tgz`. TARGET is src/fhircase/fhir/tables where it is not given. Tab separated:

    r4.tsv               path, min, max, type: every element; a choice is a row for each type
    r4-choices.tsv       path, min: every `value[x]`
    r4-targets.tsv       path, types: what a Reference may lead to, where not to anything
    r4-bindings.tsv      path, value set: what a code must be from
    r4-codes.tsv         value set, code system, codes: those value sets; `-` and why, where they cannot be written out
    r4-constraints.tsv   key, path, words, FHIRPath: what must hold beyond all that
    profiles.tsv         what guides demand beyond FHIR: a block a profile
    profiles-codes.tsv   the value sets that profiles bind to
"""

import sys
from pathlib import Path

import core
import profiles
from codes import Expander
from packages import Package, packages

TABLES = Path(__file__).parents[2] / "src" / "fhircase" / "fhir" / "tables"
SHAPES = {"4.0": "r4", "5.0": "r5"}


def main(folder: str, target: str = str(TABLES)) -> None:
    """Write all tables."""
    known = packages(Path(folder))
    bases = {shape: each for each in known if each.core and (shape := SHAPES.get(each.version[:3]))}
    for shape, package in bases.items():
        found = core.tables(package)
        bound = [row.partition("\t")[2] for row in found["bindings"]]
        found["codes"] = list(Expander([package]).rows(bound))
        for name, rows in found.items():
            _write(Path(target) / f"{shape}{'-' if name else ''}{name}.tsv", rows)
    guides = [each for each in known if not each.core]
    if guides:
        _write_profiles(Path(target), guides, bases["r4"])


def _write_profiles(target: Path, guides: list[Package], base: Package) -> None:
    everything = {url: body for each in guides for url, body in each.definitions.items()}
    rows, codes = [], []
    for guide in guides:
        own, bound = profiles.tables(guide, base, everything)
        rows += own
        others = [each for each in guides if each is not guide]
        codes += Expander([guide, base, *reversed(others)]).rows(bound)
    _write(target / "profiles.tsv", rows)
    _write(target / "profiles-codes.tsv", sorted(set(codes)))


def _write(place: Path, rows: list[str]) -> None:
    place.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
