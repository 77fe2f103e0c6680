"""Whether a string says something as its FHIR type has it; what does not is left where it is.

Source: https://hl7.org/fhir/R4/datatypes.html#string, #code, #uri
"""

import re

_WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BLANK = re.compile(f"[{_WHITE}]")
_URIS = frozenset({"uri", "url", "canonical", "oid", "uuid"})


def says(kind: str, value: str) -> bool:
    """Whether a value of a FHIR type is more than white space, and has white space only where the type allows it."""
    if kind in _URIS:
        return bool(value) and not _BLANK.search(value)
    if kind == "code":
        return all(_BLANK.split(value))
    return bool(value.strip(_WHITE))
