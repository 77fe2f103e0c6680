"""Pages about mappings for people to read: one a mapping, one a code table; made of the mappings themselves."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ruamel.yaml.comments import CommentedMap

from fhircase.mapping import files
from fhircase.mapping.compiled import Mapping as Compiled
from fhircase.mapping.compiled import compiled
from fhircase.mapping.explained import Told, told
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.kinds.unread import Unread

SHAPES = ("R4", "R5")
"""The versions that differ; R4B is R4's shape."""
TABLES = "tables"
"""The folder of the pages about code tables."""
_MERGED = {
    "ours": "changed on both sides, ours stands",
    "theirs": "changed on both sides, theirs stands",
    "union": "changed on both sides, what either added is there and what either took out is not",
    "ask": "changed on both sides, a person is asked",
}
_FOR_EDITORS = "yaml-language-server:"


def pages(names: Sequence[str], overlays: tuple[str, ...] = ()) -> dict[str, str]:
    """The text of each page by its path: `case.md`, `tables/case-status.md`, and `README.md`, which lists them.

    Args:
        names: mappings, by name or path.
        overlays: laid over them, in order.

    Raises:
        MappingFileError: a mapping or an overlay is wrong.
    """
    made: dict[str, str] = {}
    listed: list[str] = []
    users: dict[str, list[str]] = {}
    for name in names:
        document = files.flattened(name, overlays)
        short = str(document["mapping"]).partition("@")[0]
        versions = [compiled(name, version, overlays) for version in SHAPES]
        made[f"{short}.md"] = _mapping_page(document, versions)
        listed.append(f"- [{short}]({short}.md): {_intro(document).partition('. ')[0].rstrip('.')}.")
        for each in (each for version in versions for each in told(version)):
            if isinstance(each.rule, Code | Tags):
                use = f"[{short}]({'../'}{short}.md) `{each.field}`: {_joined(each.places)}"
                users.setdefault(each.rule.table_name, []).append(use)
        for table, spec in {**_shipped_tables(), **document.get("tables", {})}.items():
            if table in users:
                made[f"{TABLES}/{table}.md"] = _table_page(str(table), spec, list(dict.fromkeys(users[table])))
    tables = [f"- [{name}]({TABLES}/{name}.md)" for name in sorted(users)]
    made["README.md"] = "\n".join(["# The mappings, page by page", "", *listed, "", "## Code tables", "", *tables, ""])
    return made


def _shipped_tables() -> dict[str, Any]:
    """The tables that mappings share, or borrow with the rules of another mapping."""
    tables = dict(files.vocabulary()["tables"])
    for name in files.names():
        tables.update(files.mapping(name).get("tables", {}))
    return tables


def _intro(document: CommentedMap) -> str:
    """The comment with which a mapping's file begins."""
    tokens = (document.ca.comment or [None, None])[1] or []
    lines = [line.lstrip("# ").strip() for token in tokens for line in token.value.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(_FOR_EDITORS))


def _mapping_page(document: CommentedMap, versions: Sequence[Compiled]) -> str:
    lines = [f"# {document['mapping']}", "", _intro(document), ""]
    lines += ["| resource | R4, R4B | R5 |", "|---|---|---|"]
    roles = dict.fromkeys(role for version in versions for role in version.types)
    lines += [_row(role, *(version.types.get(role, "") for version in versions)) for role in roles]
    if when := document.get("when"):
        lines += ["", f"Used when {', '.join(f'`{name}` is `{value}`' for name, value in when.items())}."]
    if refuses := document.get("refuses"):
        lines += [
            "",
            f"Not read when {', '.join(f'`{path}` is `{str(value).lower()}`' for path, value in refuses.items())}.",
        ]
    lines += ["", "| field | kind | R4, R4B | R5 | codes | remarks |", "|---|---|---|---|---|---|"]
    lines += [_rule_row(*pair) for pair in _paired(*(list(told(version)) for version in versions))]
    if lacks := document.get("lacks"):
        reasons = lacks.items() if isinstance(lacks, Mapping) else ((field, "") for field in lacks)
        lines += ["", "Not carried:", "", *(f"- `{field}`: {reason}" for field, reason in reasons)]
    return "\n".join([*lines, ""])


def _paired(one: list[Told], other: list[Told]) -> Iterator[tuple[Told | None, Told | None]]:
    """The rules of two versions side by side, field by field, in the order of the first."""
    others: dict[str, list[Told]] = {}
    for each in other:
        others.setdefault(each.field, []).append(each)
    ones: dict[str, list[Told]] = {}
    for each in one:
        ones.setdefault(each.field, []).append(each)
    for field in dict.fromkeys([*ones, *others]):
        yield from zip_longest(ones.get(field, ()), others.get(field, ()))


def _rule_row(r4: Told | None, r5: Told | None) -> str:
    shown = r4 or r5
    assert shown is not None  # noqa: S101 - one of the two is there
    kinds = " / ".join(dict.fromkeys(each.kind for each in (r4, r5) if each))
    places = [_joined(each.places) if each else "not there" for each in (r4, r5)]
    remarks = list(dict.fromkeys(line for each in (r4, r5) if each for line in _remarks(each)))
    return _row(f"`{shown.field}`", kinds, places[0], "" if places[0] == places[1] else places[1],
                _codes(shown), "; ".join(remarks))  # fmt: skip


def _joined(places: Sequence[str]) -> str:
    return ", ".join(f"`{place}`" for place in places)


def _codes(each: Told) -> str:
    if isinstance(each.rule, Code | Tags):
        return f"[{each.rule.table_name}]({TABLES}/{each.rule.table_name}.md)"
    return ", ".join(f"`{code}`" for code in each.codes)


def _remarks(each: Told) -> Iterator[str]:
    rule = each.rule
    if isinstance(rule, Constant) and rule.recognises:
        yield "by this the resource is known"
    if isinstance(rule, Constant) and rule.accepts:
        yield "others are read too, and kept"
    if isinstance(rule, Field) and rule.absent is not None:
        yield f"absent says `{str(rule.absent).lower()}`"
    if isinstance(rule, Unread):
        yield f"`{rule.path.text}` is left and told: {rule.why}"
    if isinstance(rule, Mirrored):
        yield "the first place is believed; where they disagree, it is told"
    if isinstance(rule, Related) and rule.removed:
        gone = ", ".join(_taken_out(path.text, value) for path, value in rule.removed)
        yield f"taken out: {gone}"
    if rule.order:
        yield f"only forward: {' < '.join(' or '.join(f'`{word}`' for word in step) for step in rule.order)}"
    elif rule.merge:
        yield _MERGED[rule.merge]
    if rule.carries and any(path.required for path in rule.places()):
        yield "required by FHIR"


def _taken_out(place: str, value: Any) -> str:
    return f"`{place}` goes" if value is None else f"`{place}` becomes `{value}`"


def _table_page(name: str, spec: Mapping[str, Any], users: Sequence[str]) -> str:
    lines = [f"# {name}", "", "Used by:", "", *(f"- {user}" for user in users)]
    for version in SHAPES:
        if version == "R4" or version in spec:
            title = "R4, R4B" if version == "R4" and "R5" in spec else "All versions" if version == "R4" else version
            lines += ["", f"## {title}", "", *_rows({**spec, **(spec.get(version) or {})})]
    return "\n".join([*lines, ""])


def _rows(spec: Mapping[str, Any]) -> Iterator[str]:
    cells = [[row, row] if isinstance(row, str) else list(row) for row in spec["rows"]]
    width = max(len(row) for row in cells)
    yield _row("ours", *(f"place {number}" for number in range(1, width)))
    yield "|" + "---|" * width
    for row in cells:
        yield _row(*(_cell(cell) for cell in row), *[""] * (width - len(row)))
    if reads := spec.get("reads"):
        yield from ("", "Read, and never written:", "")
        for reason, read in reads.items():
            for row in read:
                yield f"- {' '.join(_cell(cell) for cell in row[1:])} is read as `{row[0]}`: {reason}"
    for word, title in (("refuses", "Read by no row:"), ("lacks", "Never said here:")):
        if reasons := spec.get(word):
            yield from ("", title, "")
            yield from (f"- `{name}`: {reason}" for name, reason in reasons.items())
    if lossy := spec.get("lossy"):
        yield from ("", f"`~`: written; alone it does not name the row: {lossy}.")


def _cell(cell: Any) -> str:
    if isinstance(cell, list):
        return ", ".join(f"`{each}`" for each in cell)
    return "" if cell == "-" else f"`{cell}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
