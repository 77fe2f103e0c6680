"""A value of the model as plain data: what pydantic's dump says, by a function generated for each class."""

from collections.abc import Callable
from typing import Any, get_args, get_origin

from pydantic import BaseModel

Plain = Callable[[Any], Any]

_PLAIN: dict[type, Plain] = {tuple: lambda items: tuple([plain(item) for item in items])}
"""How values of a class are made plain; those of other classes are."""


def plain(value: Any) -> Any:
    """As `model_dump(exclude_defaults=True)`; other values than models and tuples of them as they are."""
    make = _PLAIN.get(value.__class__)
    if make is not None:
        return make(value)
    return _of(value.__class__)(value) if isinstance(value, BaseModel) else value


def _of(model: type[BaseModel]) -> Plain:
    if model not in _PLAIN:
        decorators = model.__pydantic_decorators__
        own = decorators.model_serializers or decorators.field_serializers or decorators.computed_fields
        # While it is generated, a class that contains itself finds this.
        _PLAIN[model] = _dumped
        if not own and model.model_config.get("extra") != "allow":
            _PLAIN[model] = _generated(model)
    return _PLAIN[model]


def _dumped(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(exclude_defaults=True)


def _generated(model: type[BaseModel]) -> Plain:
    names: dict[str, Any] = {"plain": plain}
    lines = ["def made(value):", "    said, data = value.__dict__, {}"]
    for number, (name, field) in enumerate(model.model_fields.items()):
        lines.append(f"    v = said[{name!r}]")
        made = f"data[{name!r}] = {_expression(field.annotation, names, f'plain_{number}')}"
        if field.is_required():
            lines.append(f"    {made}")
            continue
        lines.append(f"    if {_differs(field.default, names, f'default_{number}')}: {made}")
    # What is run is made of the names of a class's fields and of nothing else.
    exec("\n".join([*lines, "    return data"]), names)  # noqa: S102
    made_plain: Plain = names["made"]
    return made_plain


def _differs(default: Any, names: dict[str, Any], name: str) -> str:
    if default is None:
        return "v is not None"
    if default == () or default is False:
        return "v"
    names[name] = default
    return f"v != {default!r}" if default.__class__ is str else f"v != {name}"


def _expression(annotation: Any, names: dict[str, Any], name: str) -> str:
    """How a field's value is made plain; straight where its type says what it is."""
    options = [each for each in get_args(annotation) or (annotation,) if each is not type(None)]
    if get_origin(annotation) is tuple:
        item = options[0]
        if _final(item):
            names[name] = _of(item)
            return f"tuple([{name}(i) for i in v])"
        return "plain(v)"
    if len(options) == 1 and _final(options[0]):
        names[name] = _of(options[0])
        return f"{name}(v)"
    return "v if v.__class__ is str else plain(v)"


def _final(type_: Any) -> bool:
    """Whether values of it are of just this class: nothing is derived from it."""
    return isinstance(type_, type) and issubclass(type_, BaseModel) and not type_.__subclasses__()
