"""All rules of an object: its bare values, its objects and lists of objects, and what is left."""

from fhircase.mapping.scaffold import items
from fhircase.mapping.scaffold.draft import Rule
from fhircase.mapping.scaffold.drafting import Drafting
from fhircase.mapping.scaffold.fits import Field
from fhircase.mapping.scaffold.objects import Object, ordered, remaining, scalars


def complete(of: Object, drafting: Drafting, made: dict[str, Rule]) -> tuple[dict[str, Rule], list[str]]:
    """The rules, and the required fields that nothing can carry.

    Args:
        of: the object.
        drafting: what is drafted.
        made: rules that are there already, such as that of its key.
    """
    made = dict(made)
    scalars(of, drafting, made)
    if of.model not in drafting.inside:
        drafting.inside.append(of.model)
        _objects(of, drafting, made)
        drafting.inside.pop()
    lost = list(remaining(of, drafting, made))
    return ordered(of, made), lost


def _objects(of: Object, drafting: Drafting, made: dict[str, Rule]) -> None:
    waiting = [each for name, each in of.fields.items() if name not in made and _one_object(each)]
    waiting.sort(key=lambda each: drafting.refers(each, waiting))
    for each in waiting:
        ways = (items.resources, items.elements_of, items.kept) if each.attribute.many else (items.single,)
        ways = ways[-1:] if f"{of.way}{each.name}" in drafting.homeless else ways
        for way in ways:
            if way is items.kept and not (each.attribute.required or drafting.keep):
                continue
            back, used = drafting.saved(), list(of.used)
            rule = way(of, each, drafting, complete)
            if rule is not None:
                made[each.name] = rule
                of.takes(rule)
                break
            back()
            of.used[:] = used


def _one_object(given: Field) -> bool:
    return len(given.attribute.objects) == 1 and not given.attribute.open and not given.attribute.takes
