"""Pulls, and imports the feed into a database of its own, over and over, to be killed while it does."""

import sqlite3
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.world import World

TABLES = """
CREATE TABLE IF NOT EXISTS imported (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, text BLOB NOT NULL);
"""

url, folder, namespace, rounds = sys.argv[1:]
hospital = World(url, Path(folder), namespace).hospital()
database = sqlite3.connect(Path(folder) / "imported.db")
database.executescript(TABLES)
for _ in range(int(rounds)):
    assert not hospital.pull().stopped
    last = ""
    for offer in hospital.changes():
        with database:
            if database.execute("INSERT OR IGNORE INTO imported VALUES (?)", (offer.change.id,)).rowcount:
                key = "|".join(offer.change.key)
                database.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", (key, offer.text))
        last = offer.cursor
    time.sleep(0.02)
    if last:
        hospital.ack(last)
