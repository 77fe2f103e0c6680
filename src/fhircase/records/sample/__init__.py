"""A synthetic caseload: coherent, deterministic, of people who do not exist."""

from collections.abc import Iterator

from fhircase.model import Record
from fhircase.records.sample.cases import story
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.plans import plan
from fhircase.records.sample.referrals import referrals
from fhircase.records.sample.words import MRN, NAMESPACE, ORGANIZATIONS, STAFF, agency, words

__all__ = ["MRN", "NAMESPACE", "ORGANIZATIONS", "STAFF", "agencies", "agencies_for", "agency", "sample"]


def sample(count: int, seed: int) -> Iterator[Record]:
    """The records of so many clients: for each a case, its care plan and its referrals.

    The same seed gives the same records on every machine, and a smaller count the first of a larger one's.
    """
    chance = Chance(seed)
    for number in range(1, count + 1):
        told = story(number, chance)
        asked = referrals(told, chance)
        yield told.case
        yield plan(told, asked, chance)
        yield from asked


def agencies() -> dict[str, str]:
    """The names of the organizations that the caseload speaks of, by their number; the first is the hospital."""
    return {str(each["id"]): str(each["name"]) for each in words()["organizations"]}


def agencies_for(domain: str) -> list[str]:
    """The numbers of the organizations that help with something."""
    return [str(each["id"]) for each in words()["organizations"] if domain in each["domains"]]
