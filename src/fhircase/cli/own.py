"""Records of somebody's own model in files: JSON objects, checked by the model that the mapping file names."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhircase.errors import Problem

if TYPE_CHECKING:
    from fhircase.mapping.compiled import Mapping

Row = tuple[Any, tuple[Problem, ...]]


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


def loader(mapping: "Mapping") -> Callable[[dict[str, Any], str], Row]:
    """Makes a record of a JSON object, or says what is wrong with it."""
    from fhircase.mapping.models.fitting import Unfit

    def load(data: dict[str, Any], source: str) -> Row:
        try:
            return mapping.model.load(data), ()
        except Unfit as error:
            return None, tuple(
                Problem(what, ".".join(str(part) for part in way), mapping.model.described.name, source=source)
                for way, what in error.errors
            )

    return load
