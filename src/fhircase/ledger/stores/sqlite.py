"""A ledger in one SQLite file: no server to install, safe for many processes of one machine."""

from fhircase.ledger.stores import _sqlite_file as sqlite_file
from fhircase.ledger.stores._sqlite_braked import Braking
from fhircase.ledger.stores._sqlite_conflicts import Conflicts
from fhircase.ledger.stores._sqlite_connection import SQL
from fhircase.ledger.stores._sqlite_deliveries import Deliveries
from fhircase.ledger.stores._sqlite_memory import Memory

SCHEME = "sqlite"


def open_store(location: str, *, create: bool = True) -> "SQLiteLedger":
    """Open the ledger in this file."""
    path = location.removeprefix(f"{SCHEME}://")
    return SQLiteLedger(sqlite_file.connect(path, SQL, create=create), path)


class SQLiteLedger(Deliveries, Conflicts, Memory, Braking):
    """The ledger port on one SQLite connection; the port says what each method is for."""
