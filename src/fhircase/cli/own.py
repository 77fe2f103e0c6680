"""Mapping files that name a model of somebody's own, which may be in a module in the folder that people stand in."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhircase.mapping.compiled import Mapping


def bound(file: Path, fhir: str, overlays: tuple[str, ...]) -> "Mapping":
    """The mapping of a file; the class that it names may be in a module in the folder that people stand in.

    Raises:
        MappingFileError: the file is wrong.
    """
    from fhircase.mapping.compiled import compiled

    here()
    return compiled(str(file), fhir, overlays)


def here() -> None:
    """Let modules be imported from the folder that people stand in, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")
