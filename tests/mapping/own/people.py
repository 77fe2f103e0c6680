"""Records of somebody else's, as classes: what the tests of own models bind mappings to."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field


class State(Enum):
    OPEN = "open"
    SHUT = "shut"


class Wish(BaseModel):
    wish_no: int
    text: str


class Plan(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plan_no: int = Field(alias="planNo")
    person: str
    state: State
    title: str | None = None
    begun: date | None = None
    wishes: list[Wish] = []
    internal: str = ""


@dataclass
class Sample:
    number: str
    person: str
    taken: date
    grams: float
    exact: Decimal | None = None
    tags: list[str] = field(default_factory=list)


class Row(TypedDict, total=False):
    number: str
    person: str
    kind: Literal["a", "b"]
