"""Write the element tables that ship with fhircase, from the definitions package of a FHIR version.

    python scripts/element_tables.py hl7.fhir.r4.core-4.0.1.tgz src/fhircase/fhir/tables/r4.tsv

One line an element: path, min, max, type. A choice element (`value[x]`) is a line for each of its types.
"""

import json
import sys
import tarfile
from pathlib import Path

RESOURCES = [
    *("CarePlan", "CareTeam", "Communication", "Condition", "Consent", "Coverage", "DocumentReference", "Encounter"),
    *("EpisodeOfCare", "Goal", "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole"),
    *("Procedure", "Provenance", "QuestionnaireResponse", "RelatedPerson", "ServiceRequest", "Task"),
]


def definitions(package: str) -> dict[str, dict]:
    """The StructureDefinitions of types and resources in a package, by id."""
    found = {}
    with tarfile.open(package) as archive:
        for member in archive:
            if member.isfile() and "StructureDefinition-" in member.name and member.name.endswith(".json"):
                body = json.load(archive.extractfile(member))
                if body.get("derivation") != "constraint" and "snapshot" in body:
                    found[body["id"]] = body
    return found


def lines(definition: dict) -> list[str]:
    """A line for each element of a definition."""
    rows = []
    for element in definition["snapshot"]["element"][1:]:
        path, low, high = element["path"], element["min"], element["max"]
        if high == "0":
            continue
        kinds = [
            t["code"].rsplit(".", 1)[-1] if "fhirpath" in t["code"] else t["code"] for t in element.get("type", [])
        ]
        if reference := element.get("contentReference"):
            kinds = [reference[reference.index("#") :]]
        if path.endswith("[x]"):
            stem = path[:-3]
            rows += [f"{stem}{kind[0].upper()}{kind[1:]}\t0\t{high}\t{kind}" for kind in kinds]
        else:
            rows.append(f"{path}\t{low}\t{high}\t{kinds[0].replace('String', 'string')}")
    return rows


def main(package: str, target: str) -> None:
    """Write the table of one package."""
    known = definitions(package)
    types = [name for name, d in known.items() if d["kind"] == "complex-type" and not d["abstract"]]
    types += [name for name in ("Element", "BackboneElement") if name not in types]
    rows = [row for name in sorted({*types, *RESOURCES}) for row in lines(known[name])]
    Path(target).write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
