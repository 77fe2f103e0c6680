"""Models of somebody else's, as they are found: what the tests of starting mappings are made for."""

# ruff: noqa: N815 - theirs are called as they are

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, Field
from typing_extensions import TypedDict


class State(Enum):
    OPEN = "o"
    SHUT = "s"
    WAITING = "w"


class Name(BaseModel):
    first: str
    last: str
    middle: str | None = None


class Address(BaseModel):
    street: str | None = None
    town: str
    zip: str


class Remark(BaseModel):
    text: str
    author: str | None = None
    at: datetime | None = None


class Phone(BaseModel):
    number: str
    kind: Literal["home", "mobile"] = "home"


class Person(BaseModel):
    id: int
    name: Name
    dob: date
    sex: Literal["m", "f", "x"]
    addresses: list[Address] = []
    email: str | None = None
    phone: str | None = None
    mobilePhone: str | None = None
    ssn: int | None = None
    active: bool = True
    password: str | None = None
    emergency_contact_name: str | None = None


class CarePlan(BaseModel):
    planId: str
    patient: Person
    state: State
    startDate: date
    endDate: date | None = None
    caseManager: str | None = None
    caseManagerId: int | None = None
    remarks: list[Remark] = []
    problems: list[str] = []
    score: int = Field(ge=0)
    settings: dict[str, Any] = {}


@dataclass
class Task:
    task_id: int
    summary: str
    patient_id: int
    assigned_to: str
    due_date: date | None
    done: bool
    created_at: date
    priority: Literal["low", "high"]
    comments: str = ""
    requester: int | None = None


class Referral(TypedDict, total=False):
    referralNumber: str
    clientName: str
    service: str
    urgency: Literal["normal", "urgent", "sofort"]
    referredBy: str
    referredTo: str
    reason: str
    date: str
    Status: Literal["new", "sent", "closed"]
    notes: str


@dataclass
class Goal:
    id: str
    description: str
    target_date: date
    status: Literal["active", "achieved", "dropped"]
    patient: str
    progress: str = ""


@dataclass
class Contact:
    phones: list[Phone] = field(default_factory=list)
    surname: str = ""
    mrn: str = ""
    weight: Decimal | None = None


class Span(BaseModel):
    start: date
    end: date | None = None


class Ward(BaseModel):
    name: str | None = None
    status: str | None = None


class Worker(BaseModel):
    id: int
    name: str


class Stay(BaseModel):
    stay_id: str
    period: Span
    dates: Span | None = None
    ward: Ward | None = None
    author: Worker | None = None


class Awkward(BaseModel):
    several: int | str
    anything: Any
    loop: list["Awkward"]
    parts: list[Phone]
    name_or_object: str | Name | None = None


class LooseAddress(BaseModel):
    street: str | None = None
    town: str
    extras: Any


class LooseGoal(BaseModel):
    id: str
    description: str
    extras: Any


class LooseName(BaseModel):
    first: str
    last: str
    extras: Any


class Loose(BaseModel):
    id: str
    surname: str
    addresses: list[LooseAddress] = []
    goals: list[LooseGoal] = []
    name: LooseName | None = None
    bits: list[LooseName] = []
