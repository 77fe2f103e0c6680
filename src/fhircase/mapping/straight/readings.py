"""How each kind of rule is read in straight lines. A kind that is not here is called itself."""

from contextlib import nullcontext
from decimal import Decimal

from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import ITEM_ID, ElementId, RecordKey
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.listing import ContainedListing, Listing, Others
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.related import Forward, Related, Reverse
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.straight import met
from fhircase.mapping.straight.listings import contained, listing, others
from fhircase.mapping.straight.reader import ABSENT, EITHER, THERE, Emit, Reader, Readers
from fhircase.mapping.straight.source import Module, Unstraight, literal
from fhircase.mapping.straight.tracing import Tracer
from fhircase.model import RECORDS


def _field(r: Reader, rule: Field) -> str:
    found = r.find(rule.path, marker=ABSENT)
    if r.tracing:
        with r.source.block(f"if {found} is not None"):
            r.claim(found, "carried")
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
    value, found = r.source.name("v"), r.find(rule.path, marker=THERE)
    _way(r, found)
    r.source(f"{value} = {read}({found}, {r.passed}) or None if {found} is not None else None")
    return value


def _way(r: Reader, found: str) -> None:
    """Account for how something was found, if it was."""
    if r.tracing:
        with r.source.block(f"if {found} is not None"):
            r.claim_way(found)


def _group(r: Reader, rule: Group) -> str:
    value = r.source.name("g")
    r.source(f"{value} = {{}}")
    r.rules(rule.shape, value)
    if not rule.always:
        with r.source.block(f"if not {value}"):
            r.source(f"{value} = None")
    return value


def _code(r: Reader, rule: Code) -> str:
    codes = [r.find(path, marker=ABSENT) for path in rule.paths]
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
    if r.tracing:
        accounts = r.module.object(met.Accounts(rule), "accounts")
        with r.source.block(f"if {' or '.join(codes)}"):
            for column, code in enumerate(codes):
                with r.source.block(f"if {code} is not None"):
                    r.claim_row(code, f"{accounts}[{together}][{column}]")
    return value


def _choice(r: Reader, rule: Choice) -> str:
    (_, first), *others = rule.alternatives
    value = r.source.name("v")
    r.source(f"{value} = {r.value(first)}")
    for _, other in others:
        with r.source.block(f"if {value} is None"):
            r.source(f"{value} = {r.value(other)}")
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
    r.source(f"{value} = None")
    with r.source.block(f"if {r.node(rule.unless)} is None") if rule.unless else nullcontext():
        found = r.find(rule.path, marker=THERE)
        with r.source.block(f"if {found} is not None"):
            r.claim_way(found)
            r.source(f"{value} = {read}({found}, {r.passed}) or None")
            if r.tracing and rule.kind:
                with r.source.block(f"if {found}.get('type') == {rule.kind!r}"):
                    r.claim_name(found, "'type'", "constant")
    return value


def _reference(r: Reader, rule: LinkRule) -> str:
    """A function that reads a Reference as a link, known by the strongest thing the Reference says."""
    identifier = r.readers.make(rule.identifier)
    if known := r.readers.named.get("reference"):
        return known
    inner = r.readers.reader(r.readers)
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
    if inner.tracing:
        s("ours = key is not None")
    with s.block("if key is None and known"):
        s("key = known.get(str(r))")
    with s.block("if key"):
        s("d['record'] = key")
        inner.claim_name("n", "'reference'", "normalised")
        if inner.tracing:
            with s.block("if ours"):
                inner.claim_name("i", "'system'", "carried")
                inner.claim_name("i", "'value'", "carried")
    with s.block("else"):
        with s.block("if i is not None and i.get('value').__class__ is str"):
            s(f"d['identifier'] = {identifier}(i, {inner.passed})")
        with s.block("if r.__class__ is str and 'system' not in d.get('identifier', ())"):
            s("d['reference'] = r")
            inner.claim_name("n", "'reference'", "carried")
        if inner.tracing:
            with s.block("elif r.__class__ is str"):
                inner.claim_name("n", "'reference'", "normalised")
    s("w = n.get('display')")
    with s.block("if w.__class__ is str"):
        s("d['display'] = w")
        inner.claim_name("n", "'display'", "carried")
    s("return d")
    name = r.module.fresh("reference")
    r.module.add(f"{name}({inner.parameters})", s, ["    claims = ctx.claims"] if inner.tracing else [])
    r.readers.named["reference"] = name
    return name


def _related(r: Reader, rule: Related) -> str:
    inner = r.readers.reader(r.readers, certain={*r.certain, rule.role}, scoped=True)
    read = r.readers.function(inner, rule.shape, "scope")
    value, name, scope = r.source.name("v"), r.module.object(rule, "rule"), r.scope()
    # Where nothing is referred to, there is nothing to follow.
    there = r.array(rule.path) if isinstance(rule, Forward) else "True"
    r.source(f"{value} = None")
    with r.source.block(f"if {there}"):
        r.as_rule()
        items = f"{{'id': i, **{read}(s)}} for i, s in {name}.entries({scope}).items()"
        r.source(f"{value} = tuple([{items}]) or None")
    return value


def _tags(r: Reader, rule: Tags) -> str:
    if rule.path.steps[-1].tests:
        raise Unstraight
    value, array, name = r.source.name("v"), r.array(rule.path), r.module.object(rule, "rule")
    r.source(f"{value} = {name}.among({array}) if {array} else None")
    with r.source.block(f"if {value} is not None"):
        if r.tracing:
            r.as_rule()
            r.source(f"{name}.account(ctx, {array}, {value})")
        r.source(f"{value} = {value}[0]")
    return value


def _key(r: Reader, rule: RecordKey) -> str:
    if not r.scoped:
        raise Unstraight
    for path in rule.paths:
        if not path.steps[-1].many:
            raise Unstraight
        # What is no list is told by the rule.
        r.array(path)
    value = r.source.name("v")
    r.source(f"{value} = scope.ctx.key")
    if r.tracing:
        r.as_rule()
        r.source(f"{r.module.object(rule, 'rule')}.account(scope, {value})")
    return value


def _flag(r: Reader, rule: Flag) -> str:
    value, found = r.source.name("v"), r.find(rule.path)
    if not rule.path.steps[-1].many:
        with r.source.block(f"if {found}.__class__ is list"):
            r.source(r.unusual)
    if r.tracing:
        with r.source.block(f"if {found} is not None"):
            r.claim(found, "carried")
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
    if r.tracing:
        with r.source.block("else"):
            r.claim(found, "carried")
    return found


def _constant(r: Reader, rule: Constant) -> str:
    found = r.find(rule.path, marker=EITHER if rule.value is None else "")
    if isinstance(rule.value, dict):
        with r.source.block(f"if {found}.__class__ is dict"):
            r.claim_like(found, rule.value)
    elif rule.value is not None:
        with r.source.block(f"if {found} == {literal(rule.value)}"):
            r.claim(found, "constant")
        with r.source.block(f"elif {found} in {literal(rule.accepts)}"):
            r.claim(found, "normalised")
    return found


def _same(r: Reader, rule: Same) -> str:
    found, original = r.find(rule.path), r.source.name("s")
    with r.source.block(f"if {found} is not None"):
        r.source(f"{original} = None")
        for source in rule.sources:
            with r.source.block(f"if {original} is None"):
                r.source(f"{original} = {r.find(source)}")
        with r.source.block(f"if {original} == {found}"):
            with r.source.block(f"if {found}.__class__ is dict"):
                r.claim_all(found, "constant")
            with r.source.block("else"):
                r.claim(found, "constant")
    return found


READ: dict[type[Rule], Emit] = {
    Field: _field,
    Node: _node,
    Group: _group,
    Code: _code,
    Choice: _choice,
    Mirrored: _mirrored,
    LinkRule: _link,
    Listing: listing,
    Others: others,
    ContainedListing: contained,
    Forward: _related,
    Reverse: _related,
    Tags: _tags,
    RecordKey: _key,
    Flag: _flag,
    ElementId: _element_id,
}

TRACED: dict[type[Rule], Emit] = {**READ, Constant: _constant, Same: _same}

SILENT: frozenset[type[Rule]] = frozenset({Constant, Same, Refer})


def readers(module: Module, *, tracing: bool = False) -> Readers:
    """What makes the functions that read."""
    return Readers(module, Tracer, TRACED) if tracing else Readers(module, Reader, READ, SILENT)
