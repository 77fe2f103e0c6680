"""What a claimed profile says of values: codes of its own value sets, in slices too, and how many there have to be.

A claim that asks a resource for a code, or for none, keeps the profile off resources that lack it; what no claim asks
for, the rules have to say of themselves.
"""

from collections.abc import Iterable, Iterator, Sequence

from fhircase.errors import Problem
from fhircase.fhir.definitions import codes
from fhircase.fhir.profiles import Demand as Wanted
from fhircase.fhir.profiles import Profile
from fhircase.mapping.check.walk import Checked, problem
from fhircase.mapping.check.written import Written
from fhircase.mapping.claims import Demand
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Node
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Forward
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.selector import code_of, codings

Codes = frozenset[tuple[str, str]]


def valued(
    of: Checked, profile: Profile, wanted: Wanted, there: Sequence[Written], names: tuple[str, ...], label: str
) -> Iterator[Problem]:
    """What is wrong with what the rules at an element, or at a slice of it, can say."""
    at = [each for each in there if each.names[: len(names)] == names]
    claims = [
        each for each in of.claims.get(profile.name, ()) if [part.removesuffix("?") for part in each.way] == [*names]
    ]
    known = _codes(wanted.value_set)
    if ":" in wanted.id:
        if wanted.low and known and at and not _says_one(at, claims, known):
            what = f"{profile.name} requires {wanted.id}, a code of {wanted.value_set}, and no rule always writes one"
            yield problem(label, what, f"add a constant, or `{names[-1]}~system#code` to its claims")
        return
    for each in at if known else ():
        if found := _unbound(each, len(names), known, claims):
            hint = "write others, or add them to its claims like `status!=draft`"
            yield problem(each.rule.name, f"{found}, which {profile.name} binds to {wanted.value_set}", hint)
    if wanted.low > 1 and at and _least(at, claims) < wanted.low:
        what = f"{profile.name} requires {wanted.low} of {wanted.id}, and fewer may be written"
        yield problem(at[0].rule.name, what, f"add constants, or `{names[-1]}~system#code` to its claims")
    for each in at if wanted.high.isdecimal() and wanted.high != "0" else ():
        if each.names == names and isinstance(each.rule, Listing | Forward | Refers):
            what = f"`{each.path.text}` may be any number, and {profile.name} allows {wanted.high} of {wanted.id}"
            yield problem(each.rule.name, what, "let the overlay change it to a rule for one, or claim another profile")


def left_out(
    of: Checked, profile: Profile, said: Iterable[str], always: Iterable[str], label: str
) -> Iterator[Problem]:
    """Elements that a profile requires, that are written, and that a resource which claims it may still lack."""
    asked = {claim.way[0] for claim in of.claims.get(profile.name, ()) if claim.how != "!="}
    for wanted in profile.demands:
        _, _, name = wanted.id.partition(".")
        if not wanted.low or not name.removesuffix("[x]").isalpha() or name in ("text", "meta"):
            continue
        if _has(said, name) and not _has({*always, *asked}, name):
            what = f"{profile.name} requires {wanted.id}, and a resource that claims it may lack it"
            yield problem(label, what, f"add `{name}` to its claims")


def _has(names: Iterable[str], wanted: str) -> bool:
    """Whether an element is among them; any type of a choice is the choice."""
    stem = wanted.removesuffix("[x]")
    return any(name == stem or (stem != wanted and name.startswith(stem)) for name in names)


def _codes(value_set: str) -> Codes:
    """The codes of a value set; none where they are too many, or not at hand, to be listed."""
    found = codes(value_set, "R4") if value_set else None
    return frozenset((system, code) for system, each in (found or {}).items() for code in each)


def _says_one(at: Sequence[Written], claims: Sequence[Demand], known: Codes) -> bool:
    """Whether one of these codes is there, whatever the rules say or wherever the profile is claimed."""
    if any(claim.how == "~" and claim.wanted in known for claim in claims):
        return True
    for each in at:
        if isinstance(each.rule, Constant) and not known.isdisjoint(map(code_of, codings(each.rule.value))):
            return True
        if isinstance(each.rule, Tags) and not any(known.isdisjoint(said) for said in each.rule.written.values()):
            return True
    return False


def _least(at: Sequence[Written], claims: Sequence[Demand]) -> int:
    """How many there are at least."""
    constants = sum(isinstance(each.rule, Constant) for each in at)
    tags = [len(codes) for each in at if isinstance(each.rule, Tags) for codes in each.rule.written.values()]
    return max(constants + min(tags, default=0), len({claim.wanted for claim in claims if claim.how == "~"}))


def _unbound(each: Written, depth: int, known: Codes, claims: Sequence[Demand]) -> str:
    """What a rule may say beside the codes that a profile allows at an element, or inside the concept that it is."""
    if any(claim.how in ("~", "=") for claim in claims):
        return ""
    inside, allowed = each.names[depth:], {code for _, code in known}
    denied = {claim.wanted[0] for claim in claims if claim.how == "!="}
    if isinstance(each.rule, Constant) and not inside:
        said = {code for _, code in map(code_of, codings(each.rule.value))} or {each.rule.value}
    elif isinstance(each.rule, Code) and inside in ((), ("coding", "code")):
        column = each.rule.paths.index(each.path)
        said = {row[column] for row in each.rule.table.rows.values()}
    elif isinstance(each.rule, Field | Node) and not inside:
        return f"`{each.path.text}` may say any code"
    else:
        return ""
    strange = sorted(str(code) for code in said - allowed - denied - {None})
    return f"`{each.path.text}` may say {', '.join(strange)}" if strange else ""
