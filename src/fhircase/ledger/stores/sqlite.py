"""A ledger in one SQLite file: no server to install, safe for many processes of one machine."""

from datetime import datetime

from fhircase.errors import LedgerError
from fhircase.ledger.stores import _sqlite_file as sqlite_file
from fhircase.ledger.stores._sqlite_braked import Braking
from fhircase.ledger.stores._sqlite_conflicts import Conflicts
from fhircase.ledger.stores._sqlite_connection import SQL
from fhircase.ledger.stores._sqlite_deliveries import Deliveries
from fhircase.ledger.stores._sqlite_dump import Dumping
from fhircase.ledger.stores._sqlite_lifecycle import Lifecycle
from fhircase.ledger.stores._sqlite_restore import copied

SCHEME = "sqlite"


def open_store(location: str, *, create: bool = True) -> "SQLiteLedger":
    """Open the ledger in this file."""
    path = location.removeprefix(f"{SCHEME}://")
    return SQLiteLedger(sqlite_file.connect(path, SQL, create=create), path)


def restore_store(location: str, file: str, *, now: datetime) -> None:
    """Put a backup in the ledger's place; all of it is in doubt then."""
    path = location.removeprefix(f"{SCHEME}://")
    with copied(file, path) as part, open_store(part, create=False) as copy:
        if wrong := copy.damage():
            raise LedgerError(f"{file}: the backup is damaged ({wrong[0]}); take an older one")
        copy.rescue(now=now, dead=copy.owners())
        copy.doubt(now=now)
        copy.put_in_place(path)


class SQLiteLedger(Deliveries, Conflicts, Lifecycle, Braking, Dumping):
    """The ledger port on one SQLite connection; the port says what each method is for."""
