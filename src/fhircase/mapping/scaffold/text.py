"""A draft as the text of a mapping file: YAML with a comment on each rule, and all that is to be decided first."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from fhircase.mapping.scaffold.draft import LIKELY, NEEDED, SURE, UNDECIDED, UNSURE, Draft, Rule, Table

_WIDE = 10_000
"""A rule stands on one line."""
_COLUMNS = 116
_SECTION = re.compile(r"^(?=(?:lacks|systems|extensions|resources|rules|tables):)", re.MULTILINE)
_APART = "\n"
_MARKS = {
    SURE: "FHIR's own name",
    LIKELY: "a usual name for it",
    UNSURE: "it looks alike",
    NEEDED: "no field asks for it",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and what it asks."""

    text: str
    asks: tuple[str, ...]


def written(draft: Draft, reported: Sequence[str] = ()) -> Written:
    """The text of the file.

    Args:
        draft: what is to be written.
        reported: what `fhircase mappings check` says of it.
    """
    page = _Page(draft)
    return Written(page.text(reported), tuple(page.asked))


class _Page:
    """The text while it is made; what is to be decided is numbered as it comes."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.asked: list[str] = []
        self.document = CommentedMap()

    def text(self, reported: Sequence[str]) -> str:
        draft, document = self.draft, self.document
        for ask in draft.asks:
            self._ask(ask)
        document["mapping"] = draft.name
        document[draft.bound[0]] = draft.bound[1]
        self._lacks()
        if draft.systems:
            document["systems"] = CommentedMap(draft.systems)
        if draft.extensions:
            document["extensions"] = CommentedMap(draft.extensions)
        self._resources()
        document["rules"] = CommentedMap()
        self._rules(document["rules"], draft.rules, 2)
        self._tables()
        for what in reported:
            self._ask(what)
        stream = StringIO()
        yaml = YAML()
        yaml.width = _WIDE
        yaml.indent(sequence=4, offset=2)
        yaml.dump(document, stream)
        head = "".join(f"# {line}".rstrip() + "\n" for line in self._head())
        return f"{head}\n{_SECTION.sub(_APART, stream.getvalue())}"

    def _head(self) -> Iterator[str]:
        yield f"A starting mapping for {self.draft.bound[1]}, guessed from names and types by `fhircase mappings new`."
        means = ", ".join(f"{mark} ({means})" for mark, means in _MARKS.items())
        yield from _lines(f"Each rule says how sure it is: {means}.", _COLUMNS)
        if unsure := [name for name, rule in every(self.draft.rules) if rule.mark == UNSURE]:
            yield from _lines(f"Look first at what is unsure: {', '.join(unsure)}.", _COLUMNS)
        if self.asked:
            yield ""
            yield "What a person has to decide; `decide` and its number mark the place:"
            for number, ask in enumerate(self.asked, start=1):
                yield from _lines(ask, _COLUMNS, f"{number:>3}. ", "     ")

    def _ask(self, what: str) -> str:
        """Note a question; gives the mark to find it by."""
        if what not in self.asked:
            self.asked.append(what)
        return f"decide {self.asked.index(what) + 1}"

    def _comment(self, node: CommentedMap, key: str, lines: Sequence[str], indent: int) -> None:
        wrapped = [part for line in lines for part in _lines(line, _COLUMNS - indent, then="  ")]
        node.yaml_set_comment_before_after_key(key, before="\n".join(wrapped), indent=indent)

    def _resources(self) -> None:
        found = self.document["resources"] = CommentedMap()
        for role, resource in self.draft.resources.items():
            made = {"make": "always"} if resource.via else {}
            found[role] = _flow({"type": resource.type, **resource.via, **made})
            if resource.why:
                self._comment(found, role, [f"likely: {resource.why}"], 2)

    def _rules(self, node: CommentedMap, rules: Mapping[str, Rule], indent: int, way: str = "") -> None:
        for name, rule in rules.items():
            inner = dict(rule.inside())
            if not inner:
                node[name] = _flow(rule.spec)
            else:
                node[name] = CommentedMap()
                for word, value in rule.spec.items():
                    node[name][word] = CommentedMap() if word in ("each", "group") else _flow(value)
            marks = [f"{rule.mark}: {rule.why}" if rule.why else rule.mark]
            marks += [f"{self._ask(f'`{way}{name}`: {ask}')}: {ask}" for ask in rule.asks]
            self._comment(node, name, marks, indent)
            for word in ("each", "group"):
                if inner and word in rule.spec:
                    self._rules(node[name][word], inner, indent + 4, f"{way}{name}.")

    def _lacks(self) -> None:
        if not self.draft.lacks:
            return
        found = self.document["lacks"] = CommentedMap()
        for name, why in self.draft.lacks.items():
            found[name] = UNDECIDED
            ask = f"`{name}`: {why}: where does it go, or why is it left out?"
            self._comment(found, name, [f"{self._ask(ask)}: {why}"], 2)

    def _tables(self) -> None:
        if not self.draft.tables:
            return
        found = self.document["tables"] = CommentedMap()
        for name, table in self.draft.tables.items():
            found[name] = self._table(name, table, 4)
            if table.newer:
                found[name]["R5"] = self._table(name, table.newer, 6)

    def _table(self, name: str, table: Table, indent: int) -> CommentedMap:
        made = CommentedMap()
        if table.as_they_are:
            made["rows"] = _flow([_same(cells[0]) for cells, _ in table.rows])
        else:
            rows = made["rows"] = CommentedSeq()
            for at, (cells, mark) in enumerate(table.rows):
                rows.append(_flow([_bare(cells[0]), *cells[1:]]))
                rows.yaml_add_eol_comment(mark, at, column=0)
        if table.unsaid:
            ask = f"which codes say {_quoted(table.unsaid)}? Until then `mappings check` asks for a row"
            self._comment(made, "rows", [f"{self._ask(f'table `{name}`: {ask}')}: {ask}"], indent)
        if table.refuses:
            made["refuses"] = CommentedMap(dict.fromkeys(table.refuses, UNDECIDED))
            ask = f"which values of yours say {_quoted(table.refuses)}? Until then a resource that says so is refused"
            self._comment(made, "refuses", [f"{self._ask(f'table `{name}`: {ask}')}: {ask}"], indent)
        return made


def _lines(text: str, width: int, first: str = "", then: str = "") -> list[str]:
    """A comment's lines; what cannot stand in one (a name in a JSON Schema may be anything) is left out."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return textwrap.wrap(
        plain, width, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _bare(value: str) -> Any:
    """A value of a table as the model has it: a number or a flag stands there as it is."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdecimal() and str(int(value)) == value else value


def _same(value: str) -> Any:
    """A row of a value that says itself."""
    bare = _bare(value)
    return value if bare == value else [bare, value]


def _flow(value: Any) -> Any:
    """A value on one line."""
    made: CommentedMap | CommentedSeq
    if isinstance(value, Mapping):
        made = CommentedMap({name: _flow(each) for name, each in value.items()})
    elif isinstance(value, list):
        made = CommentedSeq([_flow(each) for each in value])
    elif isinstance(value, str) and value.startswith("?"):
        # Inside a list YAML takes that for the mark of a key, and the writer does not know.
        return DoubleQuotedScalarString(value)
    else:
        return value
    made.fa.set_flow_style()
    return made


def every(rules: Mapping[str, Rule], way: str = "") -> Iterator[tuple[str, Rule]]:
    """All rules by their ways, those inside others among them: `goals.text`."""
    for name, rule in rules.items():
        yield f"{way}{name}", rule
        yield from every(dict(rule.inside()), f"{way}{name}.")
