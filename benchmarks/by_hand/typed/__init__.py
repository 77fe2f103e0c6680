"""The referral's mapping by hand on `fhir.resources` models, as such adapters are written in Python today."""

from benchmarks.by_hand.typed.reading import read
from benchmarks.by_hand.typed.writing import write

__all__ = ["read", "write"]
