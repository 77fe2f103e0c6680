"""JSON Schema described: what fields an object has, and of which type. Sub-schemas by `$ref` within the document.

Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhircase.mapping.models.described import Attribute, Described

_BARE: Mapping[str, type] = {"string": str, "integer": int, "number": Decimal, "boolean": bool}
_KINDS: Mapping[type, type] = {str: str, bool: bool, int: int, float: Decimal, Decimal: Decimal}


class SchemaDescription:
    """One JSON Schema document."""

    def __init__(self, document: Mapping[str, Any], name: str) -> None:
        self._document = document
        self._known: dict[int, Described] = {}
        self.described = self._object(document, str(document.get("title", name)))

    def _object(self, schema: Mapping[str, Any], name: str) -> Described:
        if id(schema) not in self._known:
            self._known[id(schema)] = Described(
                name, lambda: self._fields(schema), single=schema.get("maxProperties") == 1
            )
        return self._known[id(schema)]

    def _fields(self, schema: Mapping[str, Any]) -> dict[str, Attribute]:
        """The properties, those of `allOf` too."""
        fields: dict[str, Attribute] = {}
        for part in [schema, *map(self._followed, schema.get("allOf", ()))]:
            needed = part.get("required", ())
            for name, inner in part.get("properties", {}).items():
                fields[name] = self._attribute(inner, name, required=name in needed)
        return fields

    def _followed(self, schema: Any) -> Mapping[str, Any]:
        """The schema that a `$ref` means; nothing where it leads outside."""
        for _ in range(20):
            if not isinstance(schema, Mapping):
                return {}
            if "$ref" not in schema:
                return schema
            schema = self._at(str(schema["$ref"]))
        return {}

    def _at(self, reference: str) -> Any:
        node: Any = self._document if reference.startswith("#") else {}
        for step in reference.removeprefix("#").split("/")[1:]:
            node = node.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, Mapping) else {}
        return node

    def _attribute(self, schema: Any, name: str, *, required: bool) -> Attribute:
        leaves = list(self._leaves(schema, name))
        words = [word for leaf in leaves for word in self._words(leaf) if word is not None]
        kinds = [kind for leaf in leaves for kind in _types(leaf)]
        bare = {_BARE[kind] for kind in kinds if kind in _BARE} | {_KINDS[type(w)] for w in words if type(w) in _KINDS}
        objects = [leaf for leaf in leaves if "properties" in leaf or "allOf" in leaf]
        return Attribute(
            required=required,
            takes=frozenset(bare),
            values=tuple(dict.fromkeys(_text(word) for word in words)),
            objects=tuple(self._object(leaf, str(leaf.get("title", name))) for leaf in objects),
            many="array" in kinds,
            alone=self._alone(schema),
            nullable="null" in kinds or any(None in self._words(leaf) for leaf in leaves),
            open=any(
                not leaf or (not _types(leaf) and not self._words(leaf) and leaf not in objects) for leaf in leaves
            ),
            format=next((str(leaf["format"]) for leaf in leaves if "format" in leaf), ""),
        )

    def _leaves(self, schema: Any, name: str) -> Iterator[Mapping[str, Any]]:
        """The alternatives; a list says so, and then what its items are."""
        found = self._followed(schema)
        alternatives = [*found.get("anyOf", ()), *found.get("oneOf", ())]
        for each in alternatives:
            yield from self._leaves(each, name)
        if "array" in _types(found):
            yield {"type": "array"}
            yield from self._leaves(found.get("items", {}), name)
        elif not alternatives:
            yield found

    def _alone(self, schema: Any) -> bool:
        """Whether one of the alternatives is no list."""
        found = self._followed(schema)
        alternatives = [*found.get("anyOf", ()), *found.get("oneOf", ())]
        return any(map(self._alone, alternatives)) if alternatives else _types(found) not in (["array"], ["null"])

    @staticmethod
    def _words(schema: Mapping[str, Any]) -> list[Any]:
        return list(schema["enum"]) if "enum" in schema else [schema["const"]] if "const" in schema else []


def _types(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _text(word: Any) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
