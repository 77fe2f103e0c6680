"""Who is sent with whom and after whom: what is referred to goes first, a circle goes together."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def groups(links: Mapping[K, Collection[K]]) -> list[tuple[K, ...]]:
    """Sort into groups that refer to each other in circles, those referred to first.

    Strongly connected components by Tarjan's algorithm, without recursion. Links to what is not among the keys
    count for nothing; equal input gives equal output.
    """
    index: dict[K, int] = {}
    low: dict[K, int] = {}
    stack: list[K] = []
    waiting: set[K] = set()
    found: list[tuple[K, ...]] = []
    place = {key: number for number, key in enumerate(links)}
    for root in links:
        if root in index:
            continue
        work: list[tuple[K, Iterator[K]]] = []
        _visit(root, links, index, low, stack, waiting, work)
        while work:
            key, rest = work[-1]
            further = next((other for other in rest if other in links), None)
            if further is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == index[key]:
                    found.append(_group(key, stack, waiting, place))
            elif further not in index:
                _visit(further, links, index, low, stack, waiting, work)
            elif further in waiting:
                low[key] = min(low[key], index[further])
    return found


def _visit(
    key: K,
    links: Mapping[K, Collection[K]],
    index: dict[K, int],
    low: dict[K, int],
    stack: list[K],
    waiting: set[K],
    work: list[tuple[K, Iterator[K]]],
) -> None:
    index[key] = low[key] = len(index)
    stack.append(key)
    waiting.add(key)
    # A set's order changes from run to run; what is sent should not.
    work.append((key, iter(sorted(links[key], key=repr))))


def _group(root: K, stack: list[K], waiting: set[K], place: Mapping[K, int]) -> tuple[K, ...]:
    at = stack.index(root)
    members = stack[at:]
    del stack[at:]
    waiting.difference_update(members)
    return tuple(sorted(members, key=place.__getitem__))


def islands(keys: Collection[K], links: Mapping[K, Collection[K]]) -> list[tuple[K, ...]]:
    """Take a batch apart into parts that have nothing to do with each other, each in the batch's order."""
    parent = {key: key for key in keys}

    def top(key: K) -> K:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for key in keys:
        for other in links.get(key, ()):
            if other in parent:
                parent[top(other)] = top(key)
    parts: dict[K, list[K]] = {}
    for key in keys:
        parts.setdefault(top(key), []).append(key)
    return [tuple(part) for part in parts.values()]


def halves(keys: Collection[K], links: Mapping[K, Collection[K]]) -> list[tuple[K, ...]]:
    """Cut a batch in two: between islands if there are several, else between circles, else anywhere.

    What the second half refers to in the first is there when its turn comes.
    """
    inside = {key: [other for other in links.get(key, ()) if other in keys] for key in keys}
    parts = islands(list(keys), inside)
    if len(parts) == 1:
        parts = groups(inside)
    if len(parts) == 1:
        parts = [(key,) for key in keys]
    first: list[K] = list(parts[0])
    rest = parts[1:]
    while len(rest) > 1 and 2 * len(first) < len(keys):
        first += rest.pop(0)
    return [tuple(first), tuple(key for part in rest for key in part)]


def dependents(keys: Iterable[K], links: Mapping[K, Collection[K]]) -> set[K]:
    """All that refer to any of these, directly or through others."""
    reached = set(keys)
    referrers: dict[K, list[K]] = {}
    for key, others in links.items():
        for other in others:
            referrers.setdefault(other, []).append(key)
    fresh = list(reached)
    while fresh:
        for key in referrers.get(fresh.pop(), ()):
            if key not in reached:
                reached.add(key)
                fresh.append(key)
    return reached - set(keys)
