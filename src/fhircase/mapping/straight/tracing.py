"""Reading that says what became of each scalar, too: the same lines, and between them what the rules would claim."""

from typing import ClassVar

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Claim, Fate
from fhircase.mapping.selector import Step, Test
from fhircase.mapping.straight import met
from fhircase.mapping.straight.reader import ABSENT, THERE, Reader
from fhircase.mapping.straight.source import Unstraight


class Fates:
    """The claims of one rule, each made once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.carried = Claim("carried", name)
        self.normalised = Claim("normalised", name)
        self.constant = Claim("constant", name)
        self._rows: dict[tuple[Fate, str], Claim] = {}

    def row(self, said: tuple[Fate, str]) -> Claim:
        """The claim that goes with a row of a code table."""
        if said not in self._rows:
            self._rows[said] = Claim(said[0], self.name, said[1])
        return self._rows[said]


class Tracer(Reader):
    """A reader whose function has, besides, the context `ctx`, its `claims`, and the fates `f` of the rule around."""

    tracing: ClassVar[bool] = True
    parameters: ClassVar[str] = "n, known, ctx, f"

    def heads(self) -> list[str]:
        """The first lines of the function."""
        first = ["    ctx = scope.ctx"] if self.scoped else []
        return [*first, "    claims = ctx.claims", *super().heads()]

    @property
    def passed(self) -> str:
        """What a function gets besides its element."""
        return f"known, ctx, {self.fates}"

    def named(self, name: str) -> str:
        """The fates of the rule of that name."""
        made = self.readers.fates.setdefault(name, Fates(name))
        return self.module.object(made, "fates")

    def as_rule(self) -> None:
        """Let a rule that is called itself claim in the name of the rule at hand."""
        self.source(f"ctx.rule = {self.fates}.name")

    def marker(self, node: str, step: Step, found: str, when: str) -> None:
        """Account for what says that the value is not known."""
        beside, here = f"{'_' + step.name!r} in {node}", f"{found} is not None"
        if when == ABSENT:
            test = f"{found} is None and ({beside}{f' or {step.name!r} in {node}' if step.many else ''})"
        elif when == THERE:
            # In a list it is the first item that is marked, whichever was found.
            first = f"{node}[{step.name!r}][0]" if step.many else found
            test = f"{here} and ({beside} or {first}.__class__ is not dict or 'extension' in {first})"
        else:
            test = f"{beside} or {here}"
        with self.source.block(f"if {test}"):
            self.source(f"claims.add_marker({node}, {step.name!r}, {self.fates}.constant)")

    def claim(self, found: str, fate: str) -> None:
        """Account for what was found, and for the selectors that led there."""
        self.claim_way(found)
        container, key = self._slot(found)
        self.claim_name(container, key, fate)

    def claim_name(self, container: str, key: str, fate: str) -> None:
        """Account for one element of an object, or one item of a list."""
        self.source(f"claims[{key}].setdefault(id({container}), {self.fates}.{fate})")

    def claim_row(self, found: str, said: str) -> None:
        """Account for a code by the row of its table."""
        self.claim_way(found)
        container, key = self._slot(found)
        self.source(f"claims[{key}].setdefault(id({container}), {self.fates}.row({said}))")

    def claim_way(self, found: str) -> None:
        """Account for what the selectors on the way had put there."""
        way = []
        while found in self.ways:
            node, step = self.ways[found]
            way.append((found, step))
            found = node
        for item, step in reversed(way):
            self.claim_selected(item, step)

    def claim_selected(self, item: str, step: Step) -> None:
        """Account for what a selector had put into an item."""
        for test in step.tests:
            if test.how == "=" and len(test.names) == 1 and not test.names[0][1]:
                self.claim_name(item, repr(test.names[0][0]), "constant")
            elif test.how in ("=", "~"):
                self.claim_like(item, _built(test))

    def claim_all(self, found: str, fate: str) -> None:
        """Account for every scalar in an object."""
        self.source(f"claims.add_all({found}, {self.fates}.{fate})")

    def claim_like(self, item: str, pattern: Json) -> None:
        """Account for all that a pattern has too."""
        while len(pattern) == 1 and isinstance(inner := next(iter(pattern.values())), dict):
            item, pattern = f"{item}.get({next(iter(pattern))!r})", inner
        if codes := _codes(pattern):
            for system, code in codes:
                self.source(f"claims.add_coding({item}, {system!r}, {code!r}, {self.fates}.constant)")
            return
        self.as_rule()
        self.source(f"ctx.claim_like({item}, {self.module.object(pattern, 'pattern')}, 'constant')")

    def _slot(self, found: str) -> tuple[str, str]:
        """Container and key of what was found."""
        if found not in self.ways:
            if self.slot is None:
                raise Unstraight
            return self.slot
        node, step = self.ways[found]
        if not step.many:
            return node, repr(step.name)
        array = f"{node}[{step.name!r}]"
        return array, f"{self.module.object(met.place, 'place')}({array}, {found})"


def _built(test: Test) -> Json:
    item: Json = {}
    test.build(item)
    return item


def _codes(pattern: Json) -> list[tuple[str, str]]:
    """The codes of a concept that is nothing else."""
    codings = pattern.get("coding")
    if len(pattern) != 1 or not isinstance(codings, list) or any(each.keys() != {"system", "code"} for each in codings):
        return []
    return [(each["system"], each["code"]) for each in codings]
