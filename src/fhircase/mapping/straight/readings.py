"""How each kind of rule is read in straight lines. A kind that is not here is called itself."""

from decimal import Decimal
from typing import Any

from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant, recognising
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import ITEM_ID, ElementId
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.related import Forward, Related, Reverse
from fhircase.mapping.kinds.rule import Rule, Shape, alike
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.straight import met
from fhircase.mapping.straight.reader import Emit, Reader, Readers
from fhircase.mapping.straight.source import Unstraight, literal
from fhircase.model import RECORDS


def _field(r: Reader, rule: Field) -> str:
    found = r.find(rule.path)
    if not rule.path.steps:
        value = r.source.name("x")
        r.source(f"{value} = {found}")
        found = value
    with r.source.block(f"if {found} is not None and {found}.__class__ is not str"):
        with r.source.block(f"if isinstance({found}, {r.module.object(met.BOXES, 'boxes')})"):
            r.source(r.unusual)
        if rule.path.type == "decimal":
            with r.source.block(f"if {found}.__class__ is int or {found}.__class__ is float"):
                r.source(f"{found} = {r.module.object(Decimal, 'Decimal')}(str({found}))")
    if rule.absent is not None:
        with r.source.block(f"if {found} == {literal(rule.absent)}"):
            r.source(f"{found} = None")
    return found


def _node(r: Reader, rule: Node) -> str:
    read = r.readers.make(rule.shape)
    value, found = r.source.name("v"), r.find(rule.path)
    r.source(f"{value} = {read}({found}, known) or None if {found} is not None else None")
    return value


def _group(r: Reader, rule: Group) -> str:
    value = r.source.name("g")
    r.source(f"{value} = {{}}")
    r.rules(rule.shape, value)
    if not rule.always:
        with r.source.block(f"if not {value}"):
            r.source(f"{value} = None")
    return value


def _code(r: Reader, rule: Code) -> str:
    codes = [r.find(path) for path in rule.paths]
    for code in codes:
        with r.source.block(f"if {code} is not None and {code}.__class__ is not str"):
            r.source(r.unusual)
    for path, code in rule.unless:
        with r.source.block(f"if {r.find(path)} == {literal(code)}"):
            r.source(r.unusual)
    value = r.source.name("v")
    said = r.module.object(met.Said(rule), "said")
    together = f"({', '.join(codes)})" if len(codes) > 1 else codes[0]
    r.source(f"{value} = {said}[{together}] if {' or '.join(codes)} else None")
    return value


def _choice(r: Reader, rule: Choice) -> str:
    first, *others = [r.value(inner) for _, inner in rule.alternatives]
    value = r.source.name("v")
    r.source(f"{value} = {first}")
    for other in others:
        with r.source.block(f"if {value} is None"):
            r.source(f"{value} = {other}")
    return value


def _mirrored(r: Reader, rule: Mirrored) -> str:
    first, *others = [r.value(inner) for inner in rule.rules]
    value = r.source.name("v")
    r.source(f"{value} = {first}")
    for other in others:
        with r.source.block(f"if {value} is None"):
            r.source(f"{value} = {other}")
        with r.source.block(f"elif {other} is not None and not {r.module.object(alike, 'alike')}({value}, {other})"):
            r.source(r.unusual)
    return value


def _link(r: Reader, rule: LinkRule) -> str:
    read = _reference(r, rule)
    value = r.source.name("v")
    if not rule.unless:
        found = r.find(rule.path)
        r.source(f"{value} = {read}({found}, known) or None if {found} is not None else None")
        return value
    r.source(f"{value} = None")
    with r.source.block(f"if {r.node(rule.unless)} is None"):
        found = r.find(rule.path)
        with r.source.block(f"if {found} is not None"):
            r.source(f"{value} = {read}({found}, known) or None")
    return value


def _reference(r: Reader, rule: LinkRule) -> str:
    """A function that reads a Reference as a link, known by the strongest thing the Reference says."""
    identifier = r.readers.make(rule.identifier)
    if known := r.readers.named.get("reference"):
        return known
    inner = Reader(r.readers)
    s = inner.source
    with s.block("if n.__class__ is not dict"):
        s(inner.unusual)
    s("d = {}")
    s("i, r = n.get('identifier'), n.get('reference')")
    s("key = None")
    with s.block("if i is not None"):
        inner.object("i")
        s("system, value = i.get('system'), i.get('value')")
        with s.block("if system.__class__ is str and value.__class__ is str"):
            s("space, _, kind = system.rpartition('/')")
            with s.block(f"if space and kind in {inner.module.object(RECORDS, 'RECORDS')}"):
                s("key = {'kind': kind, 'namespace': space, 'value': value}")
    with s.block("if key is None and known"):
        s("key = known.get(str(r))")
    with s.block("if key"):
        s("d['record'] = key")
    with s.block("else"):
        with s.block("if i is not None and i.get('value').__class__ is str"):
            s(f"d['identifier'] = {identifier}(i, known)")
        with s.block("if r.__class__ is str and 'system' not in d.get('identifier', ())"):
            s("d['reference'] = r")
    s("w = n.get('display')")
    with s.block("if w.__class__ is str"):
        s("d['display'] = w")
    s("return d")
    name = r.module.fresh("reference")
    r.module.add(f"{name}(n, known)", s)
    r.readers.named["reference"] = name
    return name


def _list(r: Reader, rule: Listing) -> str:
    value, array = r.source.name("v"), r.array(rule.path)
    r.source(f"{value} = None")
    with r.source.block(f"if {array} is not None"):
        if isinstance(rule.each, Shape) and not rule.below:
            _shapes(r, rule, rule.each, array, value)
        else:
            _each(r, rule, array, value)
    return value


def _shapes(r: Reader, rule: Listing, each: Shape, array: str, value: str) -> None:
    test = f" if {_matches(r, rule, 'x')}" if rule.step.tests else ""
    try:
        read = r.readers.make(each)
    except Unstraight:
        if not r.scoped or r.here != "n":
            raise
        inner = Reader(r.readers, certain=r.certain, scoped=True, boxed=True)
        read = r.readers.function(inner, each, "scope, box, at")
        items = f"y for at, x in enumerate({array}){test} if (y := {read}(scope, {array}, at))"
    else:
        items = f"y for x in {array}{test} if (y := {read}(x, known))"
    r.source(f"{value} = tuple([{items}]) or None")


def _matches(r: Reader, rule: Listing, item: str) -> str:
    """Whether an element is one of those meant."""
    test, *others = rule.step.tests
    names = [name for name, many in test.names if not many]
    if not others and test.how == "!$" and not test.names:
        return f"not {r.module.object(met.of_system, 'of_system')}({item}, {test.wanted[0]!r})"
    if not others and test.how in ("~", "!~") and len(names) == len(test.names) == 1:
        word = "" if test.how == "~" else "not "
        return f"{word}{r.module.object(met.part_says, 'part_says')}({item}, {names[0]!r}, *{test.wanted!r})"
    return f"{r.module.object(rule.step, 'step')}.matches({item})"


def _each(r: Reader, rule: Listing, array: str, value: str) -> None:
    """One by one, where an item is a single rule's or stands below the element of the list."""
    inner, item = r.source.name("v"), r.source.name("i")
    r.source(f"{inner} = []")
    with r.source.block(f"for {item} in {array}"):
        if rule.below or rule.step.tests or _has_steps(rule.each):
            r.object(item)
        else:
            with r.source.block(f"if {item} is None"):
                r.source(r.unusual)
        if rule.step.tests:
            with r.source.block(f"if not ({_matches(r, rule, item)})"):
                r.source("continue")
        if rule.below:
            r.source(f"{item} = {item}.get({rule.below!r})")
            with r.source.block(f"if {item} is None"):
                r.source("continue")
        if isinstance(rule.each, Shape):
            found = r.source.name("y")
            r.source(f"{found} = {r.readers.make(rule.each)}({item}, known) or None")
        else:
            with r.at(item):
                found = r.value(rule.each)
        with r.source.block(f"if {found} is not None"):
            r.source(f"{inner}.append({found})")
    r.source(f"{value} = tuple({inner}) or None")


def _has_steps(each: Rule | Shape) -> bool:
    return isinstance(each, Rule) and any(path.steps for path in each.places())


def _contained(r: Reader, rule: ContainedListing) -> str:
    if not isinstance(rule.each, Shape) or not rule.path.role:
        raise Unstraight
    read, known = r.readers.make(rule.each), _recognition(r, rule.each)
    value, array, box = r.source.name("v"), r.array(rule.path), r.source.name("c")
    r.source(f"{value} = None")
    with r.source.block(f"if {array}"):
        r.source(f"{box} = {r.module.object(met.contained, 'contained')}({r.node(rule.path.role)}, {rule.kind!r})")
        r.source(f"{value} = []")
        with r.source.block(f"for x in {array}"):
            r.object("x")
            r.source("t = x.get('reference')")
            r.source(f"y = {box}.get(t[1:]) if t.__class__ is str and t.startswith('#') else None")
            with r.source.block(f"if y is not None and {known}(y) and (y := {read}(y, known))"):
                r.source(f"{value}.append(y)")
        r.source(f"{value} = tuple({value}) or None")
    return value


def _recognition(r: Reader, shape: Shape) -> str:
    """A function that tells whether an element says all by which its kind is known."""
    inner = Reader(r.readers)
    for rule in recognising(shape):
        found, name = inner.find(rule.path), inner.module.object(rule, "rule")
        with inner.source.block(f"if not {name}.says({found})"):
            inner.source("return False")
    inner.source("return True")
    name = r.module.fresh("known")
    r.module.add(f"{name}(n)", inner.source, inner.heads())
    return name


def _related(r: Reader, rule: Related) -> str:
    inner = Reader(r.readers, certain={*r.certain, rule.role}, scoped=True)
    read = r.readers.function(inner, rule.shape, "scope")
    value, name = r.source.name("v"), r.module.object(rule, "rule")
    items = f"{{'id': i, **{read}(s)}} for i, s in {name}.entries({r.scope()}).items()"
    r.source(f"{value} = tuple([{items}]) or None")
    return value


def _tags(r: Reader, rule: Tags) -> str:
    if rule.path.steps[-1].tests:
        raise Unstraight
    value, array = r.source.name("v"), r.array(rule.path)
    r.source(f"{value} = {r.module.object(rule, 'rule')}.among({array}) if {array} else None")
    with r.source.block(f"if {value} is not None"):
        r.source(f"{value} = {value}[0]")
    return value


def _flag(r: Reader, rule: Flag) -> str:
    value, found = r.source.name("v"), r.find(rule.path)
    if not rule.path.steps[-1].many:
        with r.source.block(f"if {found}.__class__ is list"):
            r.source(r.unusual)
    r.source(f"{value} = True if {found} is not None else None")
    return value


def _element_id(r: Reader, rule: ElementId) -> str:
    if not r.boxed:
        raise Unstraight
    found = r.find(rule.path)
    with r.source.block(f"if {found} is not None and {found}.__class__ is not str"):
        r.source(r.unusual)
    with r.source.block(f"if {found} is None or not {r.module.object(ITEM_ID, 'ITEM_ID')}.fullmatch({found})"):
        r.source(f"{found} = f'{rule.prefix}-{{at + 1}}'")
    return found


READ: dict[type[Rule], Emit] = {
    Field: _field,
    Node: _node,
    Group: _group,
    Code: _code,
    Choice: _choice,
    Mirrored: _mirrored,
    LinkRule: _link,
    Listing: _list,
    ContainedListing: _contained,
    Forward: _related,
    Reverse: _related,
    Tags: _tags,
    Flag: _flag,
    ElementId: _element_id,
}

SILENT: frozenset[type[Rule]] = frozenset({Constant, Same, Refer})


def readers(module: Any) -> Readers:
    """What makes the functions that read."""
    return Readers(module, READ, SILENT)
