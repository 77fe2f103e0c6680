"""What `fhircase mappings test` shows: which samples hold, and where the others differ."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fhircase.cli import exits
from fhircase.cli.difference import changes
from fhircase.cli.own import here
from fhircase.cli.screen import amount, complain, say

if TYPE_CHECKING:
    from fhircase.samples import Sample, Side


def run(names: Sequence[str] | None, overlays: Sequence[str]) -> int:
    """Run samples, show what differs, and say the exit code."""
    from fhircase.samples import sides

    every = _found(names, overlays)
    bad = 0
    for sample in every:
        wrong = [side for side in sides(sample) if not side.fine]
        bad += bool(wrong)
        for side in wrong:
            _show(side)
    if bad:
        say(f"{bad} of {amount(len(every), 'sample')} differ; if that is meant: mappings test --accept")
        return exits.USAGE
    say(f"{amount(len(every), 'sample')} hold both ways")
    return exits.DONE


def accepted(names: Sequence[str] | None, overlays: Sequence[str]) -> int:
    """Write what samples are expected to be, and name the files."""
    from fhircase.samples import accept

    written = [file for sample in _found(names, overlays) for file in accept(sample)]
    for file in written:
        say(f"{file.parent.name}/{file.name} written")
    say(f"{amount(len(written), 'file')} written: read them before you keep them")
    return exits.DONE


def _found(names: Sequence[str] | None, overlays: Sequence[str]) -> "list[Sample]":
    from fhircase.mapping import files
    from fhircase.samples import found

    here()
    several = [sample for name in names or files.names() for sample in found(name, overlays)]
    # Two mappings of one file have their samples in one folder.
    return list(dict.fromkeys(several))


def _show(side: "Side") -> None:
    name = f"{side.file.parent.name}/{side.file.name}"
    if side.problems:
        say(f"{name}: cannot be {side.what}")
        complain(side.problems)
    elif side.expected is None:
        say(f"{name}: is not there")
    else:
        say("\n".join([f"{name}: {side.what}, it differs", *changes(side.expected, side.made)]))
