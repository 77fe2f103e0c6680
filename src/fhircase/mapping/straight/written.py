"""How each kind of rule is written into new resources, in straight lines. A kind that is not here is called itself."""

from collections.abc import Sequence
from typing import Any

from fhircase.fhir import jsontext
from fhircase.mapping.context import urn
from fhircase.mapping.kinds.choice import LINK_FIELDS, Choice
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.constant import Constant, concept
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import SERVER, ElementId, RecordKey
from fhircase.mapping.kinds.link import LinkRule, address
from fhircase.mapping.kinds.listing import ContainedListing, Listing, Others
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.related import Forward, Related, Reverse
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.path import Path
from fhircase.mapping.straight.held import Held, Rows, rows, said_by
from fhircase.mapping.straight.source import Source, Unstraight, literal
from fhircase.mapping.straight.writer import ANYTHING, SCRATCH, Emit, Writer
from fhircase.model import Custom, Link


def _field(w: Writer, rule: Field, value: str) -> None:
    if rule.absent is None:
        w.put(rule.path, value)
        return
    with w.source.block(f"if {value} != {literal(rule.absent)}"):
        w.put(rule.path, value)


def _node(w: Writer, rule: Node, value: str) -> None:
    last, held = rule.path.steps[-1], w.held.within(rule.shape)
    empty, data = w.empty(rule.path), held.data(value)
    if empty and not last.many:
        w.place(rule.path, f"{w.makers.make(rule.shape, held)}({data}, {{}})")
        return
    make = w.makers.make(rule.shape, held, last.new_item(SCRATCH) if empty else (ANYTHING,))
    w.source(f"{make}({data}, {w.into(rule.path, len(rule.path.steps))})")
    w.note(rule.path)


def _group(w: Writer, rule: Group, value: str) -> None:
    group, around = w.source.name("g"), w.held
    if Custom in around.classes:
        w.source(f"{group} = {w.module.object(said_by(rule.shape), 'said')}({value})")
        w.held = Held()
    else:
        w.held = around.within(rule.shape)
        w.source(f"{group} = {w.held.data(value)} if {value} is not None else {{}}")
    for field, inner in rule.shape.rules.items():
        w.rule(inner, field, group)
    w.held = around


def _code(w: Writer, rule: Code, value: str) -> None:
    row = w.source.name("r")
    if w.held.default not in (None, UNSPECIFIED):
        raise Unstraight
    w.source(f"{row} = {w.module.object(rows(rule), 'rows')}[{value}]")
    for column, path in enumerate(rule.paths):
        code, before = f"{row}[{column}]", w.memory()
        with w.source.block(f"if {code} is not None"):
            w.put(path, code)
        if path.required:
            with w.source.block("else"), w.remembering(before):
                w.unknown(path)


def _constant(w: Writer, rule: Constant, _: str) -> None:
    path = rule.path
    if path.role and path.role not in w.certain:
        raise Unstraight
    if rule.value is None:
        if path.required:
            w.unknown(path)
        return
    if path.plain:
        node = w.node(path.role)
        if w.empty(path):
            w.source(f"{node}[{path.plain!r}] = {literal(rule.value)}")
        else:
            with w.source.block(f"if {node}.get({path.plain!r}) is None"):
                w.source(f"{node}[{path.plain!r}] = {literal(rule.value)}")
        return
    if not w.empty(path) or any(step.tests for step in path.steps[-1:]):
        raise Unstraight
    w.put(path, literal(rule.value))


def _choice(w: Writer, rule: Choice, value: str) -> None:
    word = "if"
    for _, inner in rule.alternatives:
        emit = WRITTEN.get(type(inner))
        if emit is None:
            raise Unstraight
        with w.source.block(f"{word} {_takes(w, inner, value)}"):
            emit(w, inner, value)
        word = "elif"
    with w.source.block("else"):
        w.source("raise StopIteration")


def _takes(w: Writer, rule: Rule, value: str) -> str:
    if isinstance(rule, Field):
        wanted = {"boolean": "bool", "integer": "int"}.get(rule.path.type, "str")
        return f"type({value}) is {wanted}"
    model: type | None
    if isinstance(rule, LinkRule):
        fields, model = LINK_FIELDS, Link
    elif isinstance(rule, Node):
        fields, model = frozenset(rule.shape.rules), w.held.within(rule.shape).model
    else:
        raise Unstraight
    if w.held.model is not None:
        return f"isinstance({value}, {w.module.object(model, 'Model')})"
    return f"isinstance({value}, dict) and {value}.keys() <= {w.module.object(fields, 'fields')}"


def _mirrored(w: Writer, rule: Mirrored, value: str) -> None:
    firsts = [next(iter(inner.places())).role for inner in rule.rules]
    if not firsts[0] or firsts[0] not in w.certain:
        raise Unstraight
    for role, inner in zip(firsts, rule.rules, strict=True):
        emit = WRITTEN.get(type(inner))
        if emit is None:
            raise Unstraight
        if role in w.certain:
            emit(w, inner, value)
            continue
        with w.source.block(f"if scope.nodes[{role!r}] is not None"):
            emit(w, inner, value)


def _link(w: Writer, rule: LinkRule, value: str) -> None:
    made = f"{_reference(w, rule)}({value})"
    if not rule.path.steps:
        w.source(f"{w.node(rule.path.role)}.update({made})")
    else:
        w.place(rule.path, made)


def _reference(w: Writer, rule: LinkRule) -> str:
    """A function that makes the Reference of a link."""
    held = Held(Link).at("identifier") if w.held.model is not None else w.held
    within = held.within(rule.identifier)
    identifier = w.makers.make(rule.identifier, within)
    known = w.makers.named.get(name := f"reference {rule.role} {rule.kind} {identifier}")
    if known:
        return known
    inner = Source(w.module)
    inner(f"d = {held.data('link')}")
    inner("key = d.get('record')")
    with inner.block("if key is not None"):
        inner(f"key = {held.data('key')}")
        inner("kind, space, value = key['kind'], key['namespace'], key['value']")
        inner("n = {}")
        if rule.role:
            inner(
                f"n['reference'] = f\"urn:uuid:{{{w.module.object(urn, 'urn')}(kind, space, value, {rule.role!r})}}\""
            )
        inner("n['identifier'] = {'system': f'{space}/{kind}', 'value': value}")
    with inner.block("else"):
        inner("n, reference, identifier = {}, d.get('reference'), d.get('identifier')")
        with inner.block("if reference is not None"):
            inner("n['reference'] = reference")
        with inner.block("if identifier is not None"):
            inner(f"n['identifier'] = {identifier}({within.data('identifier')}, {{}})")
    if rule.kind:
        inner(f"n['type'] = {rule.kind!r}")
    inner("display = d.get('display')")
    with inner.block("if display is not None"):
        inner("n['display'] = display")
    inner("return n")
    made = w.module.fresh("reference")
    w.module.add(f"{made}(link)", inner)
    w.makers.named[name] = made
    return made


def _listing(w: Writer, rule: Listing, value: str) -> None:
    each, step = rule.each, rule.step
    item = step.new_item(SCRATCH)
    if isinstance(each, Shape) and not (rule.below and item):
        made = _copied(w, rule, each, item)
        _array(w, rule, f"[{made} for x in {value}]")
    elif isinstance(each, Field) and not each.path.steps and not rule.below and not item and each.absent is None:
        _array(w, rule, f"list({value})")
    elif isinstance(each, LinkRule) and not each.path.steps and not item:
        made = f"{_reference(w, each)}(x)"
        _array(w, rule, f"[{f'{{{rule.below!r}: {made}}}' if rule.below else made} for x in {value}]")
    elif not rule.below and isinstance(each, Rule) and type(each) in WRITTEN:
        _one_by_one(w, rule, each, value)
    else:
        raise Unstraight


def _array(w: Writer, rule: Listing, array: str) -> None:
    """Put the items there, unless one of them would not be read again."""
    if rule.step.excludes:
        made = w.source.name("a")
        w.source(f"{made} = {array}")
        with w.source.block(f"if not all(map({w.module.object(rule.step.matches, 'matches')}, {made}))"):
            w.source(f"{w.module.object(rule, 'rule')}.refuse_excluded({w.scope()})")
        array = made
    w.array(rule.path, array)


def _copied(w: Writer, rule: Listing, each: Shape, item: dict[str, Any]) -> str:
    held = w.held.within(each)
    made = f"{w.makers.make(each, held, item)}({held.data('x')}, {literal(item)})"
    return f"{{{rule.below!r}: {made}}}" if rule.below else made


def _one_by_one(w: Writer, rule: Listing, each: Rule, value: str) -> None:
    item = rule.step.new_item(SCRATCH)
    if not item and any(not path.steps for path in each.places()):
        raise Unstraight
    array, node = w.source.name("a"), w.source.name("n")
    w.source(f"{array} = []")
    with w.source.block(f"for x in {value}"):
        w.source(f"{node} = {literal(item)}")
        with w.at(node, item):
            WRITTEN[type(each)](w, each, "x")
        w.source(f"{array}.append({node})")
    _array(w, rule, array)


def _scoped_listing(w: Writer, rule: Listing, value: str) -> None:
    """A list whose items need more than their data: each is filled where it stands."""
    if not isinstance(rule.each, Shape) or rule.below or not w.scoped or w.here != "n":
        raise Unstraight
    held = w.held.within(rule.each)
    inner = Writer(w.makers, held, certain=w.certain, scoped=True, boxed=True)
    item = rule.step.new_item(SCRATCH)
    for role in w.certain:
        inner.unclear(role)
    for name in item:
        inner.note_name("", name)
    fill = w.makers.fill(inner, rule.each, "scope, box, at, d")
    array = w.source.name("a")
    holder = w.holder(rule.path)
    w.source(f"{array} = {holder}.setdefault({rule.step.name!r}, [])")
    with w.source.block(f"for x in {value}"):
        w.source(f"{array}.append({literal(item)})")
        w.source(f"{fill}(scope, {array}, len({array}) - 1, {held.data('x')})")
        if rule.step.excludes:
            with w.source.block(f"if not {w.module.object(rule.step.matches, 'matches')}({array}[-1])"):
                w.source(f"{w.module.object(rule, 'rule')}.refuse_excluded(scope)")


def _list(w: Writer, rule: Listing, value: str) -> None:
    try:
        with w.source.attempt():
            _listing(w, rule, value)
    except Unstraight:
        _scoped_listing(w, rule, value)


def _contained(w: Writer, rule: ContainedListing, value: str) -> None:
    if not isinstance(rule.each, Shape) or rule.path.role not in w.certain:
        raise Unstraight
    held = w.held.within(rule.each)
    make = w.makers.make(rule.each, held, ("resourceType", "id"))
    root = w.node(rule.path.role)
    box, taken, array, number = (w.source.name(stem) for stem in ("b", "t", "a", "i"))
    early = w.empty(rule.path)
    w.source(f"{array}, {number} = [], 1")
    if early:
        w.array(rule.path, array)
    w.source(f"{box} = {root}.setdefault('contained', [])")
    w.source(f"{taken} = {{x.get('id') for x in {box} if isinstance(x, dict)}}")
    with w.source.block(f"for x in {value}"):
        with w.source.block(f"while (id_ := f'{rule.label}-{{{number}}}') in {taken}"):
            w.source(f"{number} += 1")
        w.source(f"{taken}.add(id_)")
        w.source(f"{array}.append({{'reference': f'#{{id_}}'}})")
        w.source(f"{box}.append({make}({held.data('x')}, {{'resourceType': {rule.kind!r}, 'id': id_}}))")
    if not early:
        w.array(rule.path, array)


def _related(w: Writer, rule: Related, value: str) -> None:
    if not w.scoped or w.here != "n":
        raise Unstraight
    held = w.held.within(rule.shape)
    inner = Writer(w.makers, held, certain={*w.certain, rule.role}, scoped=True)
    for role in ("", *w.certain):
        inner.unclear(role)
    for path in (*rule.id.places(), *(rule.places() if isinstance(rule, Reverse) else ())):
        inner.note(path)
    fill = w.makers.fill(inner, rule.shape, "scope, d")
    name, made = w.module.object(rule, "rule"), w.source.name("s")
    with w.source.block(f"for x in {value}"):
        w.source(f"x = {held.data('x')}")
        w.source(f"{made} = {name}.add_anew({w.scope()}, x[{rule.key!r}])")
        w.source(f"{fill}({made}, x)")


def _same(w: Writer, rule: Same, _: str) -> None:
    paths = (*rule.sources, rule.path)
    if not all(path.plain and (not path.role or path.role in w.certain) for path in paths) or not w.scoped:
        raise Unstraight
    found = w.source.name("s")
    w.source(f"{found} = {_first(w, rule.sources)}")
    with w.source.block(f"if {found} is not None"):
        w.source(f"{w.node(rule.path.role)}[{rule.path.plain!r}] = {w.module.object(jsontext.copy, 'copy')}({found})")
    if rule.path.required:
        with w.source.block("else"):
            w.call(rule, "None")


def _first(w: Writer, sources: Sequence[Path]) -> str:
    """What the first of several elements says that is there."""
    *before, last = [f"{w.node(path.role)}.get({path.plain!r})" for path in sources]
    found = last
    for each in reversed(before):
        found = f"s if (s := {each}) is not None else {found}"
    return found


def _refer(w: Writer, rule: Refer, _: str) -> None:
    if rule.role not in w.certain or rule.path.role not in w.certain or not w.empty(rule.path):
        raise Unstraight
    w.place(rule.path, f"{w.module.object(address, 'address')}(scope.ctx, {w.node(rule.role)})")


def _key(w: Writer, rule: RecordKey, value: str) -> None:
    if not w.scoped or any(len(path.steps) != 1 or not path.role for path in rule.paths):
        raise Unstraight
    key, system = w.source.name("k"), w.source.name("s")
    w.source(f"{key} = {w.held.data(value)}")
    with w.source.block(f"if {key}['namespace'].startswith({SERVER!r})"):
        w.call(rule, w.plain(value))
    with w.source.block("else"):
        w.source(f"{system} = f\"{{{key}['namespace']}}/{{{key}['kind']}}\"")
        label = "".join(f"{name!r}: {literal(said)}, " for name, said in rule.says().items())
        for path in rule.paths:
            items = f"[{{{label}'system': {system}, 'value': {key}['value']}}]"
            if path.role in w.certain:
                w.array(path, items)
                continue
            with w.source.block(f"if scope.nodes[{path.role!r}] is not None"):
                w.source(f"scope.nodes[{path.role!r}].setdefault({path.steps[0].name!r}, []).extend({items})")


def _tags(w: Writer, rule: Tags, value: str) -> None:
    if not w.empty(rule.path) or rule.path.steps[-1].tests:
        raise Unstraight
    said = Rows({tag: [concept([code]) for code in codes] for tag, codes in rule.written.items()})
    codes = w.module.object(said, "tags")
    copy = w.module.object(_copies, "copies")
    w.array(rule.path, f"{copy}({codes}[{value}])")


def _copies(concepts: list[Any]) -> list[Any]:
    return [{"coding": [dict(coding) for coding in each["coding"]]} for each in concepts]


def _flag(w: Writer, rule: Flag, value: str) -> None:
    with w.source.block(f"if {value}"):
        w.into(rule.path, len(rule.path.steps))


def _element_id(w: Writer, rule: ElementId, value: str) -> None:
    if not w.boxed or not rule.path.plain or rule.path.role:
        raise Unstraight
    with w.source.block(f"if {value} != f'{rule.prefix}-{{at + 1}}'"):
        w.source(f"n[{rule.path.plain!r}] = {value}")


WRITTEN: dict[type[Rule], Emit] = {
    Field: _field,
    Node: _node,
    Group: _group,
    Code: _code,
    Constant: _constant,
    Choice: _choice,
    Mirrored: _mirrored,
    LinkRule: _link,
    Listing: _list,
    Others: _list,
    ContainedListing: _contained,
    Forward: _related,
    Reverse: _related,
    Same: _same,
    Refer: _refer,
    RecordKey: _key,
    Tags: _tags,
    Flag: _flag,
    ElementId: _element_id,
}

TOTAL: frozenset[type[Rule]] = frozenset({Code, Group, RecordKey})
