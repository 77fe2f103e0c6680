"""What happens to a field that both sides have changed, as its rule states it: `merge:`, and `order:` for statuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fhircase.mapping.kinds.empty import Empty
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape


class Policy(StrEnum):
    """Whose word counts."""

    ASK = "ask"
    """A person's; theirs stands meanwhile."""
    OURS = "ours"
    THEIRS = "theirs"
    UNION = "union"
    """Both: what either side added to a list is there, what either took out is not."""
    FORWARD = "forward"
    """That which is further in the life of the thing; nothing goes back, and what stands beside it is asked."""


@dataclass(frozen=True, slots=True)
class Merging:
    """The policy of one field."""

    policy: Policy
    steps: Mapping[str, int] = field(default_factory=dict)
    """How far each status is, for `forward`; those that stand beside each other are equally far."""
    owned: bool = False
    """It stands in a resource that belongs to the server, so that no change of ours is ever sent."""

    def back(self, before: Any, now: Any) -> bool:
        """Whether a status is less far than another; one that is not among the steps is never."""
        return before in self.steps and now in self.steps and self.steps[now] < self.steps[before]


def merging(shape: Shape, linked: frozenset[str]) -> dict[str, Merging]:
    """The policies of a mapping by the path of the field, such as `offers.status`; what is not there is asked.

    Args:
        shape: the mapping's rules.
        linked: the roles of resources that belong to the server.
    """
    return {way: _made(rule, linked) for way, rule in stated(shape)}


def stated(shape: Shape, way: str = "") -> Iterator[tuple[str, Rule]]:
    """The rules that state a policy, each with the path of the field."""
    for name, rule in shape.fields.items():
        path = f"{way}.{name}" if way else name
        if rule.merge:
            yield path, rule
        inner = _inner(rule.inner if isinstance(rule, Empty) else rule)
        if inner is not None and not inner.shared:
            yield from stated(inner, path)


def _inner(rule: Rule) -> Shape | None:
    if isinstance(rule, Group | Node | Related):
        return rule.shape
    return rule.each if isinstance(rule, Listing) and isinstance(rule.each, Shape) else None


def _made(rule: Rule, linked: frozenset[str]) -> Merging:
    policy = Policy(rule.merge)
    steps = {word: number for number, step in enumerate(rule.order) for word in step}
    owned = policy is Policy.THEIRS and any(path.role in linked for path in rule.places())
    return Merging(policy, steps, owned)
