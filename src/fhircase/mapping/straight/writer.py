"""What is common to writing any rule into new resources: where its place is, and what is known to be empty."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Context, absent_marker
from fhircase.mapping.custom import CUSTOM
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.path import Path
from fhircase.mapping.selector import Step
from fhircase.mapping.straight.held import Held
from fhircase.mapping.straight.source import Module, Source, Unstraight, Unusual, literal
from fhircase.model.plain import plain

Names = tuple[str, ...]

ANYTHING = "*"
"""Stands for all names, where nobody knows what is in an element already."""

SCRATCH = Context("", [], Index(), scratch=True)
"""For steps that make something new, which then need not be noted."""


class Writer:
    """Writes the rules of one object into one function.

    The variables of the function: `d` the object's fields by name, `n` the element at hand, and, unless it needs
    nothing but these two, `scope` and the `box` and place `at` in which the element stands.
    """

    def __init__(
        self,
        makers: "Makers",
        held: Held,
        *,
        certain: Iterable[str] = (),
        scoped: bool = False,
        boxed: bool = False,
    ) -> None:
        self.makers = makers
        self.held = held
        """What holds the data; while a rule is written, at its field."""
        self.module = makers.module
        self.source = Source(self.module)
        self.certain = frozenset(certain)
        """Roles whose resources are certainly there."""
        self.scoped = scoped
        self.boxed = boxed
        self.here = "n"
        self._used: set[str] = set()
        self._known: set[tuple[str, Names]] = set()
        """Places where something may stand: all others are empty."""
        self._unclear: set[str] = set()

    def known(self, role: str, *names: str) -> bool:
        """Whether something may stand there already."""
        return role in self._unclear or (role, names) in self._known

    def note(self, path: Path) -> None:
        """Something may stand there from now on."""
        names = tuple(step.name for step in path.steps)
        self._known.update((path.role, names[: length + 1]) for length in range(len(names)))

    def note_name(self, role: str, name: str) -> None:
        """The same of one element."""
        self._known.add((role, (name,)))

    def unclear(self, role: str) -> None:
        """Anything may stand in this resource, or (without a role) in the element at hand."""
        self._unclear.add(role)

    @contextmanager
    def at(self, here: str, names: Iterable[str]) -> Iterator[None]:
        """Stand at another element, in which these names may be."""
        around, known, unclear = self.here, self._known, self._unclear
        self._known = {entry for entry in known if entry[0]} | {("", (name,)) for name in names}
        self._unclear = unclear - {""}
        self.here = here
        yield
        self.here = around
        self._known = {entry for entry in self._known if entry[0]} | {entry for entry in known if not entry[0]}
        self._unclear = self._unclear | unclear

    def scope(self) -> str:
        """The scope for a rule that is called itself."""
        if not self.scoped or self.here != "n":
            raise Unstraight
        return "scope.inner((box, at))" if self.boxed else "scope"

    def heads(self) -> list[str]:
        """The variables of the resources that are certainly there."""
        lines = [f"    n_{role} = scope.nodes[{role!r}]" for role in sorted(self._used - {""})]
        if self.boxed:
            lines.append("    n = box[at]")
        elif "" in self._used:
            lines.append("    n = scope.here[0][scope.here[1]]")
        return lines

    def rules(self, shape: Shape) -> None:
        """All rules of an object whose fields are in `d`."""
        if self.held.custom and CUSTOM not in shape.rules:
            with self.source.block(f"if d[{CUSTOM!r}].model_extra"):
                self.source(f"raise {self.module.object(Unusual, 'Unusual')}")
        for field, rule in shape.rules.items():
            self.rule(rule, field)

    def rule(self, rule: Rule, field: str, data: str = "d") -> None:
        """One rule; its value is that field of the data."""
        around, self.held = self.held, self.held.at(field)
        try:
            with self.source.attempt():
                self._straight(rule, f"{data}.get({field!r})")
        except Unstraight:
            self._called(rule, f"{data}.get({field!r})")
        self.held = around
        for path in rule.places():
            self.note(path)

    def _straight(self, rule: Rule, get: str) -> None:
        emit = self.makers.kinds.get(type(rule))
        if emit is None:
            raise Unstraight
        if not rule.carries:
            emit(self, rule, "None")
            return
        value = self.source.name("v")
        self.source(f"{value} = {get}")
        if type(rule) in self.makers.total:
            emit(self, rule, value)
        elif rule.idle():
            with self.source.block(f"if {self.held.says(value)}"):
                emit(self, rule, value)
        else:
            self._required(rule, value, emit)

    def _required(self, rule: Rule, value: str, emit: "Emit") -> None:
        """A rule that says something without a value, too: that it is not known."""
        first, *others = rule.places()
        before = self.memory()
        with self.source.block(f"if {self.held.says(value)}"):
            emit(self, rule, value)
        with self.source.block("else"), self.remembering(before):
            try:
                with self.source.attempt():
                    self.unknown(first, *others)
            except Unstraight:
                self.call(rule, "None")

    def call(self, rule: Rule, value: str) -> None:
        """Let the rule itself write."""
        self.source(f"{self.module.object(rule, 'rule')}.write({self.scope()}, {value})")

    def plain(self, value: str) -> str:
        """A value as the rules themselves take it."""
        return value if self.held.model is None else f"{self.module.object(plain, 'plain')}({value})"

    def memory(self) -> frozenset[tuple[str, Names]]:
        """What may stand where, so far."""
        return frozenset(self._known)

    @contextmanager
    def remembering(self, memory: frozenset[tuple[str, Names]]) -> Iterator[None]:
        """Write the other branch, in which only that may stand there."""
        after, self._known = self._known, set(memory)
        yield
        self._known |= after

    def unknown(self, path: Path, *others: Path) -> None:
        """Say of a required place where nothing stands that the value is not known."""
        last, certain = path.steps[-1], not path.role or path.role in self.certain
        if others or not (path.required and certain and self.empty(path)):
            raise Unstraight
        name = f"_{last.name}" if path.primitive and not last.many else last.name
        marker = literal([absent_marker()] if last.many else absent_marker())
        self.source(f"{self.holder(path)}[{name!r}] = {marker}")
        self.note(path)

    def _called(self, rule: Rule, get: str) -> None:
        if not rule.carries:
            self.call(rule, "None")
            return
        value = self.source.name("v")
        self.source(f"{value} = {get}")
        if rule.idle():
            with self.source.block(f"if {self.held.says(value)}"):
                self.call(rule, self.plain(value))
        else:
            self.call(rule, f"{self.plain(value)} if {self.held.says(value)} else None")

    def node(self, role: str) -> str:
        """The object in which paths start."""
        if not role:
            if self.scoped and not self.boxed and self.here == "n":
                self._used.add("")
            return self.here
        if not self.scoped:
            raise Unstraight
        if role in self.certain:
            self._used.add(role)
            return f"n_{role}"
        name = self.source.name("n")
        self.source(f"{name} = scope.ensure({role!r})[0][{role!r}]")
        return name

    def holder(self, path: Path) -> str:
        """The object that holds the last element of a path, made if need be."""
        return self.into(path, len(path.steps) - 1)

    def into(self, path: Path, depth: int) -> str:
        """The object that so many steps lead to, made if need be."""
        node = self.node(path.role)
        for length, step in enumerate(path.steps[:depth], start=1):
            names = tuple(step.name for step in path.steps[:length])
            known = self.known(path.role, *names) or self.known(path.role, names[0])
            node = self._step(node, step, known=known)
            if not known:
                self._known.update((path.role, names + inner) for inner in _said(step))
        return node

    def _step(self, node: str, step: Step, *, known: bool) -> str:
        name = self.source.name("n")
        if not known:
            item = literal(step.new_item(SCRATCH)) if step.many else "{}"
            self.source(f"{name} = {item}")
            self.source(f"{node}[{step.name!r}] = {f'[{name}]' if step.many else name}")
        elif not step.many:
            self.source(f"{name} = {node}.get({step.name!r})")
            with self.source.block(f"if {name} is None"):
                self.source(f"{name} = {node}[{step.name!r}] = {{}}")
        elif len(step.tests) == 1 and step.tests[0].how == "=" and [many for _, many in step.tests[0].names] == [False]:
            ((key, _),), (wanted,) = step.tests[0].names, step.tests[0].wanted
            self.source(f"{name} = {self.module.object(_part, 'part')}({node}, {step.name!r}, {key!r}, {wanted!r})")
        else:
            made, scratch = self.module.object(step, "step"), self.module.object(SCRATCH, "scratch")
            box = self.source.name("b")
            self.source(f"{box} = {made}.make({node}, {scratch}, leaf=False)")
            self.source(f"{name} = {box}[0][{box}[1]]")
        return name

    def empty(self, path: Path) -> bool:
        """Whether nothing can stand at a path yet."""
        names = tuple(step.name for step in path.steps)
        if any(self.known(path.role, *names[: length + 1]) for length in range(len(names))):
            return False
        # A selector puts what it asks for into the item that it makes.
        return not any(names[length:] in _said(step) for length, step in enumerate(path.steps, start=1))

    def put(self, path: Path, value: str) -> None:
        """Set a bare value."""
        last = path.steps[-1]
        empty = self.empty(path)
        if last.many and not (empty and not last.tests):
            raise Unstraight
        holder = self.holder(path)
        self.source(f"{holder}[{last.name!r}] = {f'[{value}]' if last.many else value}")
        if not empty and not path.plain:
            self.source(f"{holder}.pop({'_' + last.name!r}, None)")
        self.note(path)

    def place(self, path: Path, value: str) -> None:
        """Set an object that is made anew; what a selector puts there comes first."""
        last = path.steps[-1]
        if not last.many and self.empty(path):
            self.source(f"{self.holder(path)}[{last.name!r}] = {value}")
        else:
            self.source(f"{self.into(path, len(path.steps))}.update({value})")
        self.note(path)

    def array(self, path: Path, items: str) -> None:
        """Add items to a list."""
        last, empty = path.steps[-1], self.empty(path)
        holder = self.holder(path)
        if empty:
            self.source(f"{holder}[{last.name!r}] = {items}")
        else:
            self.source(f"{holder}.setdefault({last.name!r}, []).extend({items})")
        self.note(path)


def _part(node: Json, name: str, key: str, wanted: str) -> Json:
    """The item of a list whose element is just that, made if need be."""
    items: list[Json] = node.setdefault(name, [])
    for item in items:
        if item.get(key) == wanted:
            return item
    items.append({key: wanted})
    return items[-1]


def _said(step: Step) -> set[Names]:
    """The names of what a step's new item holds."""
    return set(_names(step.new_item(SCRATCH))) if step.many else set()


def _names(item: dict[str, Any]) -> Iterator[Names]:
    for name, value in item.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *inner) for inner in _names(value))


Emit = Callable[[Writer, Any, str], None]


class Makers:
    """The functions of one mapping that write, each made once."""

    def __init__(self, module: Module, kinds: dict[type[Rule], Emit], total: frozenset[type[Rule]]) -> None:
        self.module = module
        self.kinds = kinds
        self.total = total
        """Kinds whose straight form knows what to say without a value."""
        self.named: dict[str, str] = {}
        """Functions by what they do, for kinds that share one."""
        self._made: dict[tuple[int, type[BaseModel] | None, frozenset[str]], str] = {}

    def make(self, shape: Shape, held: Held, preset: Iterable[str] = ()) -> str:
        """A function `(d, n)` that fills an element `n`, in which the preset names may be, and returns it.

        Raises:
            Unstraight: it takes more than the data to write such an element.
        """
        key = (id(shape), held.model, frozenset(preset))
        if key not in self._made:
            self._made[key] = self._maker(shape, held, key[2])
        if not self._made[key]:
            raise Unstraight
        return self._made[key]

    def _maker(self, shape: Shape, held: Held, preset: frozenset[str]) -> str:
        writer = Writer(self, held)
        for name in preset:
            writer.note_name("", name)
        if ANYTHING in preset:
            writer.unclear("")
        try:
            writer.rules(shape)
        except Unstraight:
            return ""
        writer.source("return n")
        name = self.module.fresh("make")
        self.module.add(f"{name}(d, n)", writer.source)
        return name

    def fill(self, writer: Writer, shape: Shape, parameters: str) -> str:
        """A function that writes the rules of an object with its writer."""
        writer.rules(shape)
        name = self.module.fresh("fill")
        self.module.add(f"{name}({parameters})", writer.source, writer.heads())
        return name
