"""FHIR packages: the definitions, value sets and code systems in an archive."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

WANTED = ("StructureDefinition-", "ValueSet-", "CodeSystem-")


class Package:
    """What one package (`*.tgz`) defines, by canonical URL."""

    def __init__(self, place: Path) -> None:
        self.definitions: dict[str, dict] = {}
        self.value_sets: dict[str, dict] = {}
        self.code_systems: dict[str, dict] = {}
        self.name, self.version = place.name, ""
        by_type = {
            "StructureDefinition": self.definitions,
            "ValueSet": self.value_sets,
            "CodeSystem": self.code_systems,
        }
        for name, body in _members(place):
            if name == "package.json":
                # What somebody built at home is still that version of the guide.
                self.name, self.version = body["name"], body["version"].partition("-")[0]
            elif body.get("resourceType") in by_type and "url" in body:
                by_type[body["resourceType"]][body["url"]] = body

    @property
    def core(self) -> bool:
        """Whether it is FHIR itself, no guide."""
        return self.name.startswith("hl7.fhir.r") and ".core" in self.name


def _members(place: Path) -> Iterator[tuple[str, dict]]:
    with tarfile.open(place) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            if not member.isfile() or not name.endswith(".json") or "/openapi/" in member.name:
                continue
            if name == "package.json" or name.startswith(WANTED):
                yield name, json.load(archive.extractfile(member))


def packages(folder: Path) -> list[Package]:
    """All packages in a folder, FHIR itself first."""
    return sorted(
        (Package(place) for place in folder.glob("*.tgz")), key=lambda each: (not each.core, each.name, each.version)
    )
