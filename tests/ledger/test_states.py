"""The table of states: complete, closed, and drawn in the documentation."""

from pathlib import Path

import pytest

from fhircase.errors import LedgerError
from fhircase.ledger.states import ARROWS, Cause, State, after, allows, diagram

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


def test_the_documentation_shows_the_diagram_drawn_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}```" in PAGE.read_text(encoding="utf-8"), (
        "put the output of `python -m fhircase.ledger.states` into docs/ledger.md"
    )


def test_the_documentation_tells_each_state() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [state for state in State if f"| `{state}` |" not in page] == []


def test_no_change_is_stated_twice() -> None:
    assert len({(arrow.source, arrow.cause) for arrow in ARROWS}) == len(ARROWS)


def test_every_state_and_every_cause_is_used() -> None:
    assert {arrow.target for arrow in ARROWS} == set(State)
    assert {arrow.cause for arrow in ARROWS} == set(Cause)


def test_no_state_is_a_trap() -> None:
    for state in State:
        reached = {state}
        for _ in State:
            reached |= {arrow.target for arrow in ARROWS if arrow.source in reached}
        assert State.OWED in reached


@pytest.mark.parametrize("state", [None, *State])
def test_a_wish_and_news_are_taken_in_any_state(state: State | None) -> None:
    assert allows(state, Cause.WISHED)
    assert allows(state, Cause.PULLED)


def test_only_the_one_who_claimed_can_say_it_was_accepted() -> None:
    assert {arrow.source for arrow in ARROWS if arrow.cause is Cause.ACCEPTED} == {State.SENDING}
    assert [
        arrow.source for arrow in ARROWS if arrow.target is State.SENDING and arrow.source is not State.SENDING
    ] == [State.OWED]


def test_a_change_the_table_does_not_have_is_an_error() -> None:
    with pytest.raises(LedgerError, match="a record that is agreed cannot be accepted"):
        after(State.AGREED, Cause.ACCEPTED)
