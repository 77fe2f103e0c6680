"""How rules with a list of items are read in straight lines."""

from fhircase.mapping.kinds.constant import recognising
from fhircase.mapping.kinds.listing import ContainedListing, Listing, Others
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.straight import met
from fhircase.mapping.straight.reader import Reader
from fhircase.mapping.straight.source import Unstraight


def listing(r: Reader, rule: Listing) -> str:
    """Each element of an array that the selector picks."""
    value, array = r.source.name("v"), r.array(rule.path)
    r.source(f"{value} = None")
    with r.source.block(f"if {array} is not None"):
        if isinstance(rule.each, Shape) and not rule.below:
            _shapes(r, rule, rule.each, array, value)
        else:
            _each(r, rule, array, value)
    return value


def others(r: Reader, rule: Others) -> str:
    """The links besides those that lead to items of the record."""
    # It is known which resources are items, once their list has been read.
    if not r.scoped or not rule.path.role or isinstance(rule.each, Shape):
        raise Unstraight
    return listing(r, rule)


def _shapes(r: Reader, rule: Listing, each: Shape, array: str, value: str) -> None:
    try:
        items, read = f"x in {array}", f"{r.readers.make(each)}(x, {r.passed})"
    except Unstraight:
        if not r.scoped or r.here != "n":
            raise
        inner = r.readers.reader(r.readers, certain=r.certain, scoped=True, boxed=True)
        name, index = r.readers.function(inner, each, "scope, box, at"), r.source.name("k")
        items, read = f"{index}, x in enumerate({array})", f"{name}(scope, {array}, {index})"
    matches = f"{_matches(r, rule, 'x')} and " if rule.step.tests else ""
    test = f"if {matches}(y := {read})"
    if not r.tracing:
        r.source(f"{value} = tuple([y for {items} {test}]) or None")
        return
    found = r.source.name("f")
    r.source(f"{found} = []")
    with r.source.block(f"for {items}"), r.source.block(test):
        r.source(f"{found}.append(y)")
        r.claim_selected("x", rule.step)
    r.source(f"{value} = tuple({found}) or None")


def _matches(r: Reader, rule: Listing, item: str) -> str:
    """Whether an element is one of those meant."""
    test, *others = rule.step.tests
    names = [name for name, many in test.names if not many]
    if not others and test.how == "!$" and not test.names:
        return f"not {r.module.object(met.of_system, 'of_system')}({item}, {test.wanted[0]!r})"
    if not others and test.how in ("~", "!~") and len(names) == len(test.names) == 1:
        word = "" if test.how == "~" else "not "
        return f"{word}{r.module.object(met.part_says, 'part_says')}({item}, {names[0]!r}, *{test.wanted!r})"
    if not others and test.how in ("=", "!=") and len(names) == len(test.names) == 1:
        word = "" if test.how == "=" else "not "
        return f"{word}{r.module.object(met.part_is, 'part_is')}({item}, {names[0]!r}, {test.wanted[0]!r})"
    return f"{r.module.object(rule.step, 'step')}.matches({item})"


def _each(r: Reader, rule: Listing, array: str, value: str) -> None:
    """One by one, where an item is a single rule's or stands below the element of the list."""
    inner, item, element, index = (r.source.name(stem) for stem in ("v", "i", "e", "k"))
    around = r.node(rule.path.role) if isinstance(rule, Others) else ""
    r.source(f"{inner} = []")
    with r.source.block(f"for {index}, {element} in enumerate({array})" if r.tracing else f"for {element} in {array}"):
        if rule.below or rule.step.tests or _has_steps(rule.each):
            r.object(element)
        else:
            with r.source.block(f"if {element} is None"):
                r.source(r.unusual)
        if rule.step.tests:
            with r.source.block(f"if not ({_matches(r, rule, element)})"):
                r.source("continue")
        r.source(f"{item} = {element}.get({rule.below!r})" if rule.below else f"{item} = {element}")
        if rule.below:
            with r.source.block(f"if {item} is None"):
                r.source("continue")
        if isinstance(rule, Others):
            leads = f"{r.module.object(met.leads_to_item, 'leads')}(scope.ctx, {item}, {around}, {rule.besides!r})"
            with r.source.block(f"if {leads}"):
                r.source("continue")
        if isinstance(rule.each, Shape):
            found = r.source.name("y")
            r.source(f"{found} = {r.readers.make(rule.each)}({item}, {r.passed}) or None")
        else:
            with r.at(item, (element, repr(rule.below)) if rule.below else (array, index)):
                found = r.value(rule.each)
        with r.source.block(f"if {found} is not None"):
            r.source(f"{inner}.append({found})")
            r.claim_selected(element, rule.step)
    r.source(f"{value} = tuple({inner}) or None")


def _has_steps(each: Rule | Shape) -> bool:
    return isinstance(each, Rule) and any(path.steps for path in each.places())


def contained(r: Reader, rule: ContainedListing) -> str:
    """The contained resources that the references of an array lead to."""
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
            with r.source.block(f"if y is not None and {known}(y)"):
                r.claim_name("x", "'reference'", "constant")
                r.claim_name("y", "'resourceType'", "constant")
                r.claim_name("y", "'id'", "constant")
                r.source(f"y = {read}(y, {r.passed})")
                with r.source.block("if y"):
                    r.source(f"{value}.append(y)")
        r.source(f"{value} = tuple({value}) or None")
    return value


def _recognition(r: Reader, shape: Shape) -> str:
    """A function that tells whether an element says all by which its kind is known."""
    inner = Reader(r.readers)
    for rule in recognising(shape):
        found, name = inner.find(rule.path), inner.module.object(rule, "rule")
        if not rule.path.steps[-1].many:
            with inner.source.block(f"if {found}.__class__ is list"):
                inner.source(inner.unusual)
        with inner.source.block(f"if not {name}.says({found})"):
            inner.source("return False")
    inner.source("return True")
    name = r.module.fresh("known")
    r.module.add(f"{name}(n)", inner.source, inner.heads())
    return name
