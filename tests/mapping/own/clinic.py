"""The export of an old system: flags, texts, dates in parts and in another format, numbers as text, child tables."""

from dataclasses import dataclass, field


@dataclass
class Goal:
    goal_no: int
    client_no: int
    text: str
    state: str
    due: str = ""


@dataclass
class Step:
    step_no: str
    client_no: int
    what: str
    done: int
    goal_no: int | None = None


@dataclass
class Client:
    client_no: int
    surname: str
    first_names: str = ""
    birth_y: int | None = None
    birth_m: int | None = None
    birth_d: int | None = None
    seen_y: str | None = None
    seen_m: str | None = None
    sex: str = ""
    interpreter: str = ""
    urgent: int = -1
    phone_home: str = ""
    phone_mobile: str = ""
    status: str = ""
    opened: str = ""
    closed: str = ""
    title: str | None = None
    cost: str = ""
    hours: str = ""
    note1: str | None = None
    note2: str | None = None
    note3: str | None = None
    diagnoses: str = ""
    worker: str = ""
    goals: list[Goal] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Resources that refer to ours have no order.
        self.steps.sort(key=lambda step: step.step_no)
