"""Code tables in CSV, as people and Excel write them: `;`, `,` or tabs, UTF-8 with a mark or without, Windows.

The first line names the columns, the model's value first, then a place each. Rows have the meaning of rows in a mapping
file: `-` is the absence of a code, `~code` does not name the row when alone. A column called `reads` holds the reason
why a row is only read; a column called `remark` is for people.
"""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping.lines import stamp

READS = "reads"
REMARK = "remark"
_MARKS = (";", "\t", ",")


def csv_table(place: Path) -> Mapping[str, Any]:
    """`rows` and `reads` of a table, each row with its line in the file.

    Raises:
        MappingFileError: every problem, with file, line and column.
    """
    text = _text(place)
    head = text.splitlines()[0] if text.strip() else ""
    mark = max(_MARKS, key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=mark, strict=True)
    problems: list[Problem] = []
    rows, reads = CommentedSeq(), CommentedMap()
    try:
        names = [name.strip() for name in next(reader, [])]
        if len([name for name in names if name not in (READS, REMARK)]) < 2:
            hint = "its first line names the columns: our value, then a place each, such as `ours;code`"
            problems.append(Problem("no table of at least two columns", source=f"{place.name}:1", hint=hint))
        for cells in reader:
            if any(cell.strip() for cell in cells) and not problems:
                _row(cells, names, f"{place.name}:{reader.line_num}", problems, rows, reads, place)
    except csv.Error as error:
        hint = "a quoted cell ends with a quote, before the next column"
        problems.append(Problem(f"no CSV: {error}", source=f"{place.name}:{reader.line_num}", hint=hint))
    if not problems and not rows:
        problems.append(Problem("no rows", source=place.name, hint="a row a value, below the names of the columns"))
    if problems:
        raise MappingFileError(problems)
    return {"rows": rows, READS: reads}


def _text(place: Path) -> str:
    try:
        content = place.read_bytes()
    except OSError as error:
        what = f"cannot be read: {(error.strerror or 'no file').lower()}"
        hint = "a table's file is beside the mapping file that names it"
        raise MappingFileError(Problem(what, source=place.name, hint=hint)) from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What is no UTF-8 was saved by a program for Windows; that has a letter for almost every byte.
        return content.decode("cp1252", errors="replace")


def _row(
    cells: Sequence[str],
    names: Sequence[str],
    where: str,
    problems: list[Problem],
    rows: CommentedSeq,
    reads: CommentedMap,
    place: Path,
) -> None:
    if len(cells) != len(names):
        hint = "a cell that has the separator in it is quoted; an empty one is still there"
        problems.append(Problem(f"{len(cells)} cells for {len(names)} columns", source=where, hint=hint))
        return
    told = dict(zip(names, (cell.strip() for cell in cells), strict=True))
    reason = told.pop(READS, "")
    told.pop(REMARK, None)
    for at, (name, cell) in enumerate(told.items()):
        if not cell and at:
            hint = "write `-` where there is no code"
            problems.append(Problem(f"column `{name}` is empty", source=where, hint=hint))
    row = CommentedSeq(told.values())
    row.lc.line, row.lc.col = int(where.rpartition(":")[2]) - 1, 0
    stamp(row, place.name, str(place.parent))
    (reads.setdefault(reason, CommentedSeq()) if reason else rows).append(row)


def as_csv(spec: Mapping[str, Any], places: Sequence[str]) -> str:
    """A table as CSV, with `;` and a line end that Excel takes."""
    stream = StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    only_read = spec.get(READS) or {}
    writer.writerow(["ours", *places, *([READS] if only_read else [])])
    for row in spec["rows"]:
        writer.writerow([*_cells(row), *([""] if only_read else [])])
    for reason, given in only_read.items():
        writer.writerows([*_cells(row), reason] for row in given)
    return stream.getvalue()


def _cells(row: Any) -> list[str]:
    return [row, row] if isinstance(row, str) else [str(cell) for cell in row]
