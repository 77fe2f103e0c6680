"""The referral's mapping by hand on plain dicts: about as fast as Python that builds and validates the same can be."""

from benchmarks.by_hand.plain.reading import read
from benchmarks.by_hand.plain.writing import write

__all__ = ["read", "write"]
