"""`fhircase map`: records to resources."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.options import Config, Fhir, Files, Jobs, Ledger, MappingFile, Output, Overlays, Version
from fhircase.cli.screen import complain, watched
from fhircase.cli.streamed import How, run
from fhircase.errors import InvalidInput

if TYPE_CHECKING:
    from fhircase.cli.onto import Present
    from fhircase.mapping import Placed
    from fhircase.records import Line


@told
def map_(  # noqa: PLR0913, PLR0917 - options are arguments
    files: Files = None,
    fhir: Fhir = Version.R4,
    overlay: Overlays = None,
    mapping: MappingFile = None,
    onto: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Resources as the server has them; only what differs in them is changed."),
    ] = None,
    server: Annotated[
        str, typer.Option(metavar="NAME|URL", help="With --diff: what a push would change on this server's copy.")
    ] = "",
    ledger: Ledger = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change instead of resources.")] = False,
    file: Output = None,
    bundle: Annotated[bool, typer.Option("--bundle", help="One collection Bundle instead of NDJSON.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Validate with fhir.resources, and by FHIR's rules beyond it.",
        ),
    ] = False,
    each: Annotated[bool, typer.Option("--each", help="One collection Bundle a record, each on a line.")] = False,
    jobs: Jobs = 1,
    config: Config = None,
) -> None:
    """Make FHIR resources of records."""
    from fhircase.cli.onto import Present
    from fhircase.cli.own import bound
    from fhircase.config import load
    from fhircase.mapping.compiled import all_compiled

    if bundle and diff:
        raise typer.BadParameter("a Bundle holds resources, and --diff shows none", param_hint="--bundle")
    if server and mapping:
        raise typer.BadParameter("records of your own are mapped, and not pushed", param_hint="--mapping")
    if server and (onto or not diff):
        raise typer.BadParameter("it goes with --diff, and in place of --onto", param_hint="--server")
    if (each or jobs > 1) and (onto or diff or bundle or check or mapping):
        what = "they do not go with --onto, --diff, --bundle, --check and --mapping"
        raise typer.BadParameter(what, param_hint="--each and --jobs")
    settings = load(config)
    if server:
        from fhircase.cli.preview import preview

        preview(settings, server, ledger, files, file)
        return
    overlays = (*settings.overlays, *(overlay or ()))
    own = bound(mapping, fhir.value, overlays) if mapping else None
    if own is None:
        all_compiled(fhir.value, overlays)
    intake = Intake(files, settings.timezone)
    if each or jobs > 1:
        _stream(intake, How(fhir.value, overlays, jobs, settings.timezone, bundles=each), file)
        return
    present = Present(onto, fhir.value, overlays, own, mapping)
    maker = Maker(intake, present, fhir.value, overlays, mapping, check=check)
    lines = intake.rows(own.taken) if own and not own.model.ours else intake.records()
    with output(file) as stream:
        placed = maker.all(watched(lines, "records"))
        _write(placed, stream, "diff" if diff else "bundle" if bundle else "lines")
    intake.sum_up("record")
    exits.leave([exits.BAD_INPUT if intake.bad or present.refused else exits.DONE])


def _stream(intake: Intake, how: How, file: Path | None) -> None:
    with output(file) as stream:
        sums = run(watched(intake.cuts(), "records"), how, stream, reading=False)
    intake.count, intake.bad = intake.count + sums.count, intake.bad + sums.bad
    intake.sum_up("record")
    exits.leave([exits.BAD_INPUT if intake.bad else exits.DONE])


class Maker:
    """Makes the resources of each record; what cannot be made is told and counted."""

    def __init__(
        self,
        intake: Intake,
        present: "Present",
        fhir: str,
        overlays: tuple[str, ...],
        mapping: Path | None = None,
        *,
        check: bool,
    ) -> None:
        self._intake = intake
        self._present = present
        self._fhir = fhir
        self._overlays = overlays
        self._mapping = mapping
        self._check = check

    def all(self, lines: "Iterable[Line]") -> "Iterator[tuple[Placed, dict[str, object] | None]]":
        """Each resource, with what it was before if it was there."""
        from fhircase.mapping import write

        for line in lines:
            assert line.record is not None  # noqa: S101 - the intake lets only records pass
            before = self._present.of(line.record)
            try:
                made = write(line.record, self._fhir, before, self._overlays, mapping=self._mapping)
                self._checked(made)
            except InvalidInput as error:
                self._refuse(error, line)
                continue
            olds = [*before, *[None] * (len(made) - len(before))]
            yield from zip(made, olds, strict=True)

    def _checked(self, made: "list[Placed]") -> None:
        if self._check:
            from fhircase.fhir.invariants import broken
            from fhircase.fhir.typed import typed

            for placed in made:
                typed(placed.resource, self._fhir)
                if problems := [] if placed.linked else broken(placed.resource, self._fhir):
                    raise InvalidInput(problems)

    def _refuse(self, error: InvalidInput, line: "Line") -> None:
        self._intake.bad += 1
        complain(replace(problem, source=problem.source or line.source) for problem in error.problems)


def _write(placed: "Iterable[tuple[Placed, dict[str, object] | None]]", stream: BinaryIO, form: str) -> None:
    from fhircase.fhir import jsontext

    if form == "diff":
        from fhircase.cli.difference import shown

        for each, old in placed:
            if each.changed:
                stream.write(shown(each.resource, old, each.role).encode())
    elif form == "lines":
        for each, _ in placed:
            stream.write(jsontext.encode(each.resource) + b"\n")
    else:
        stream.write(b'{"resourceType":"Bundle","type":"collection","entry":[')
        for number, (each, _) in enumerate(placed):
            entry: dict[str, object] = {"resource": each.resource}
            if each.new:
                entry = {"fullUrl": f"urn:uuid:{each.resource['id']}", **entry}
            stream.write((b"," if number else b"") + b"\n" + jsontext.encode(entry))
        stream.write(b"\n]}\n")
