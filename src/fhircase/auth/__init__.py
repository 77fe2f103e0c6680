"""How a request proves who it is: one method a file, each a layer that requests pass through."""

from fhircase.auth.basic import basic
from fhircase.auth.bearer import bearer

__all__ = ["basic", "bearer"]
