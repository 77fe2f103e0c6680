"""A worker for the tests to kill: claims, settles, edits and pulls as fast as it can. Run as a program.

Prints each key it was given, so that two of them can be compared. The invariants are in `wrong`.
"""

import random
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from fhircase.ledger import Change, Local, RecordKey, Resource, Verdict, open_ledger

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVERS = ("north", "south")


def churn(path: str, seed: int) -> None:
    dice = random.Random(seed)
    with open_ledger(path) as book:
        print("ready", flush=True)
        moment = NOW
        while True:
            moment += timedelta(minutes=1)
            book.rescue(now=moment, dead=book.owners())
            dice.choice((edit, send, pull))(book, dice, moment)


def edit(book, dice, now):
    with book.unit():
        for _ in range(5):
            key = RecordKey("thing", "n", str(dice.randrange(40)))
            text = b"%d" % dice.getrandbits(64)
            book.keep(key, text, now=now, local=Local(text, text.decode()))
            book.wish(dice.choice(SERVERS), [key], now=now)


def send(book, dice, now):
    server = dice.choice(SERVERS)
    for claim in book.claim(server, owner="churn", limit=4, lease=timedelta(minutes=9), now=now):
        verdict = dice.choice((Verdict.accepted(), Verdict.refused("no"), Verdict.later(now, unsure=True)))
        agreed = (
            Resource(
                server, claim.key, role, f"{role}/{claim.key.value}", str(claim.record.revision), claim.record.current
            )
            for role in ("a", "b")
        )
        book.settle(claim, verdict, now=now, resources=agreed if verdict == Verdict.accepted() else ())


def pull(book, dice, now):
    server = dice.choice(SERVERS)
    with book.unit():
        page = int(book.cursor(server, "all") or 0) + 1
        book.move_cursor(server, "all", str(page), now=now)
        key = RecordKey("thing", "n", str(dice.randrange(40)))
        revision = book.keep(key, b"%d" % dice.getrandbits(64), now=now)
        book.pulled(server, [key], now=now)
        book.announce(Change(f"{server}-{page}", key, revision, now, server, ("x",)))


def wrong(path: str) -> list[str]:
    """Everything about the file that may not be so, however it was left."""
    rules = {
        "both parts of a record are agreed together": "SELECT record FROM resources GROUP BY server, record "
        "HAVING count(DISTINCT etag) > 1 OR count(*) <> 2",
        "what is agreed was sent": "SELECT record FROM deliveries WHERE state = 'agreed' AND sent < wanted",
        "who sends has a lease": "SELECT record FROM deliveries WHERE (state = 'sending') <> (owner IS NOT NULL)",
        "nothing newer than the record is wanted": "SELECT record FROM deliveries JOIN records ON id = record "
        "WHERE wanted > revision",
        "the cursor and the feed move together": "SELECT server FROM cursors WHERE position <> "
        "(SELECT count(*) FROM changes WHERE source = server)",
        "nothing hangs in the air": "PRAGMA foreign_key_check",
    }
    with closing(sqlite3.connect(path)) as file:
        [health] = file.execute("PRAGMA integrity_check").fetchone()
        broken = [rule for rule, query in rules.items() if file.execute(query).fetchall()]
    return broken if health == "ok" else [health, *broken]


def grab(path: str, owner: str) -> None:
    """Once told to go: open, and claim until nothing is left, printing each key."""
    print("ready", flush=True)
    sys.stdin.readline()
    with open_ledger(path) as book:
        while claims := book.claim("north", owner=owner, limit=3, lease=timedelta(hours=1), now=NOW):
            for claim in claims:
                print(claim.key.value, flush=True)
            # As sending would: without a pause, SQLite's lock tends to stay with whoever has it.
            time.sleep(0.002)


if __name__ == "__main__":
    job, path, word = sys.argv[1:]
    churn(path, int(word)) if job == "churn" else grab(path, word)
