"""What is common to reading any rule: how its place is found, step by step."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from fhircase.fhir.jsontext import Json
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.path import Path
from fhircase.mapping.selector import Step
from fhircase.mapping.straight import met
from fhircase.mapping.straight.source import Module, Source, Unstraight, Unusual

ABSENT, THERE, EITHER = "absent", "there", "either"
"""When it matters that a value is marked as unknown: where there is none, where there is one, or in both cases."""


class Reader:
    """Reads the rules of one object in one function.

    The variables of the function: `n` the element at hand, `known` the keys of records by server reference, and,
    unless it needs nothing but these, `scope` and the `box` and place `at` in which the element stands.
    """

    tracing: ClassVar[bool] = False
    """Whether it says, too, what became of each scalar; then `claim` and the like have lines to add."""
    parameters: ClassVar[str] = "n, known"
    """Those of a function that needs nothing but the element."""

    def __init__(
        self, readers: "Readers", *, certain: Iterable[str] = (), scoped: bool = False, boxed: bool = False
    ) -> None:
        self.readers = readers
        self.module = readers.module
        self.source = Source(self.module)
        self.certain = frozenset(certain)
        """Roles whose resources are certainly there."""
        self.scoped = scoped
        self.boxed = boxed
        self.here = "n"
        self.slot: tuple[str, str] | None = ("box", "at") if boxed else None
        """Container and key of the element at hand, where that is known."""
        self.fates = "" if scoped else "f"
        """The name of what the rule at hand may claim."""
        self.ways: dict[str, tuple[str, Step]] = {}
        """From which object, and by which step, each thing was found."""
        self._used: set[str] = set()

    @property
    def passed(self) -> str:
        """What a function gets besides its element."""
        return "known"

    def named(self, name: str) -> str:
        """What the rule of that name may claim."""
        return ""

    def as_rule(self) -> None:
        """Let a rule that is called itself claim in the name of the rule at hand."""

    def marker(self, node: str, step: Step, found: str, when: str) -> None:
        """Account for what says that the value is not known."""

    def claim(self, found: str, fate: str) -> None:
        """Account for what was found, and for the selectors that led there."""

    def claim_name(self, container: str, key: str, fate: str) -> None:
        """Account for one element of an object, or one item of a list."""

    def claim_row(self, found: str, said: str) -> None:
        """Account for a code by the row of its table."""

    def claim_way(self, found: str) -> None:
        """Account for what the selectors on the way had put there."""

    def claim_selected(self, item: str, step: Step) -> None:
        """Account for what a selector had put into an item."""

    def claim_all(self, found: str, fate: str) -> None:
        """Account for every scalar in an object."""

    def claim_like(self, item: str, pattern: Json) -> None:
        """Account for all that a pattern has too."""

    @property
    def unusual(self) -> str:
        """The line that gives up."""
        return f"raise {self.module.object(Unusual, 'Unusual')}"

    def heads(self) -> list[str]:
        """The first lines of the function."""
        lines = [f"    n_{role} = scope.nodes[{role!r}]" for role in sorted(self._used - {""})]
        if self.scoped:
            lines.append("    known = scope.ctx.known")
        if self.boxed:
            lines.append("    n = box[at]")
        elif self.scoped and "" in self._used:
            lines.append("    n = scope.here[0][scope.here[1]]")
        if not self.scoped or self.boxed or "" in self._used:
            lines += ["    if n.__class__ is not dict:", f"        {self.unusual}"]
        return lines

    def rules(self, shape: Shape, data: str = "d") -> None:
        """All rules of an object, into its data."""
        around = self.fates
        if shape.shared and not around:
            raise Unstraight
        for field, rule in shape.rules.items():
            if not (rule.carries or self.tracing) and type(rule) in self.readers.silent:
                continue
            # What a shared type's rules do is done in the name of the rule around.
            self.fates = around if shape.shared else self.named(rule.name)
            value = self.value(rule)
            if rule.carries:
                with self.source.block(f"if {value} is not None"):
                    self.source(f"{data}[{field!r}] = {value}")
        self.fates = around

    def value(self, rule: Rule) -> str:
        """The name of what a rule reads; None where the resource says nothing."""
        emit = self.readers.kinds.get(type(rule))
        if emit is not None:
            try:
                with self.source.attempt():
                    return emit(self, rule)
            except Unstraight:
                pass
        value, scope = self.source.name("v"), self.scope()
        self.as_rule()
        self.source(f"{value} = {self.module.object(rule, 'rule')}.read({scope})")
        return value

    def scope(self) -> str:
        """The scope for a rule that is called itself."""
        if not self.scoped or self.here != "n":
            raise Unstraight
        return "scope.inner((box, at))" if self.boxed else "scope"

    @contextmanager
    def at(self, here: str, slot: tuple[str, str]) -> Iterator[None]:
        """Stand at another element, in that container under that key."""
        around = self.here, self.slot
        self.here, self.slot = here, slot
        yield
        self.here, self.slot = around

    def node(self, role: str) -> str:
        """The object in which paths start."""
        if not role:
            if self.here == "n":
                self._used.add("")
            return self.here
        if not self.scoped:
            raise Unstraight
        self._used.add(role)
        return f"n_{role}"

    def find(self, path: Path, steps: int | None = None, marker: str = "") -> str:
        """The name of what stands at a path, or of None; what it is has not been looked at."""
        way = path.steps[:steps] if steps is not None else path.steps
        node = self.node(path.role)
        if not way:
            return node
        found = self.source.name("x")
        if (not path.role or path.role in self.certain) and len(way) == 1:
            self._walk(node, way, found, marker)
            return found
        self.source(f"{found} = None")
        if path.role and path.role not in self.certain:
            with self.source.block(f"if {node} is not None"):
                self._walk(node, way, found, marker)
        else:
            self._walk(node, way, found, marker)
        return found

    def _walk(self, node: str, way: tuple[Step, ...], found: str, marker: str) -> None:
        if len(way) == 1:
            self._step(node, way[0], found)
            if marker:
                self.marker(node, way[0], found, marker)
            return
        inner = self.source.name("x")
        self._step(node, way[0], inner)
        with self.source.block(f"if {inner} is not None"):
            self.object(inner)
            self._walk(inner, way[1:], found, marker)

    def object(self, name: str) -> None:
        """Give up where it is no object."""
        with self.source.block(f"if {name}.__class__ is not dict"):
            self.source(self.unusual)

    def _step(self, node: str, step: Step, found: str) -> None:
        self.ways[found] = node, step
        self.source(f"{found} = {node}.get({step.name!r})")
        if step.many:
            with self.source.block(f"if {found} is not None"):
                self.source(f"{found} = {self._pick(found, step)}")

    def _pick(self, items: str, step: Step) -> str:
        if not step.tests:
            return f"{self.module.object(met.first, 'first')}({items})"
        (test, *others) = step.tests
        names = [name for name, many in test.names if not many]
        if not others and len(names) == len(test.names) <= 1:
            if test.how == "=" and names:
                return f"{self.module.object(met.having, 'having')}({items}, {names[0]!r}, {test.wanted[0]!r})"
            if test.how == "~":
                where = names[0] if names else ""
                system, code = test.wanted
                return f"{self.module.object(met.coded, 'coded')}({items}, {where!r}, {system!r}, {code!r})"
            if test.how == "is":
                kind, ours = test.wanted
                return f"{self.module.object(met.of_kind, 'of_kind')}({items}, {kind!r}, {ours!r})"
        return f"{self.module.object(met.picked, 'picked')}({items}, {self.module.object(step, 'step')})"

    def array(self, path: Path) -> str:
        """The name of the list that a path names, or of None."""
        holder = self.find(path, len(path.steps) - 1)
        found = self.source.name("a")
        certain = len(path.steps) == 1 and (not path.role or path.role in self.certain)
        if not certain:
            self.source(f"{found} = None")
            with self.source.block(f"if {holder} is not None"):
                if len(path.steps) > 1:
                    self.object(holder)
                self._array(holder, path.steps[-1].name, found)
        else:
            self._array(holder, path.steps[-1].name, found)
        return found

    def _array(self, holder: str, name: str, found: str) -> None:
        self.source(f"{found} = {holder}.get({name!r})")
        with self.source.block(f"if {found} is not None and {found}.__class__ is not list"):
            self.source(self.unusual)


Emit = Callable[[Reader, Any], str]


class Readers:
    """The functions of one mapping that read, each made once."""

    def __init__(
        self,
        module: Module,
        reader: type[Reader],
        kinds: dict[type[Rule], Emit],
        silent: frozenset[type[Rule]] = frozenset(),
    ) -> None:
        self.module = module
        self.reader = reader
        self.kinds = kinds
        self.silent = silent
        """Kinds that read nothing, and only say what was accounted for."""
        self.named: dict[str, str] = {}
        """Functions by what they do, for kinds that share one."""
        self.fates: dict[str, Any] = {}
        """What each rule may claim, by its name."""
        self._made: dict[int, str] = {}

    def make(self, shape: Shape) -> str:
        """A function that reads an element.

        Raises:
            Unstraight: it takes more than the element itself.
        """
        if id(shape) not in self._made:
            try:
                self._made[id(shape)] = self.function(self.reader(self), shape, self.reader.parameters)
            except Unstraight:
                self._made[id(shape)] = ""
        if not self._made[id(shape)]:
            raise Unstraight
        return self._made[id(shape)]

    def function(self, reader: Reader, shape: Shape, parameters: str) -> str:
        """A function that reads the rules of an object with its reader."""
        reader.source("d = {}")
        reader.rules(shape)
        reader.source("return d")
        name = self.module.fresh("read")
        self.module.add(f"{name}({parameters})", reader.source, reader.heads())
        return name
