"""Another client of the same server: it edits Tasks as an agency would, each time what it has just read."""

import random
import threading
from dataclasses import dataclass
from typing import Any

import requests
from tests.world import World

WAY = ("requested", "received", "accepted", "in-progress", "completed")


@dataclass(frozen=True)
class Wrote:
    """One update that the server took."""

    id: str
    version: int
    note: str
    status: str
    reason: str | None


class Agency(threading.Thread):
    """Edits one Task after the other until it is told to stop; whatever it wrote, it remembers."""

    def __init__(self, world: World, clients: range, chance: random.Random, pause: float) -> None:
        super().__init__(name="agency")
        self.world = world
        self.clients = clients
        self.chance = chance
        self.pause = pause
        self.wrote: list[Wrote] = []
        self.races = 0
        """Updates that the server refused because somebody was faster."""
        self.failed: Exception | None = None
        self._ending = threading.Event()
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/fhir+json", "Cache-Control": "no-cache"})

    def run(self) -> None:
        """Edit Tasks, with a pause after each."""
        try:
            with self._session:
                while not self._ending.wait(self.chance.uniform(0, 2 * self.pause)):
                    self._edit(self.chance.choice(self.clients))
        except Exception as error:  # noqa: BLE001 - a thread's error has to be told by whoever waits for it
            self.failed = error

    def stop(self) -> None:
        """Let the edit at hand end, and say if anything went wrong."""
        self._ending.set()
        self.join()
        self.fine()

    def fine(self) -> None:
        """Say if anything went wrong."""
        if self.failed:
            raise self.failed

    def _edit(self, number: int) -> None:
        task = self._task(number)
        if task is None:
            return
        note = f"agency {len(self.wrote)}"
        edited = {**task, "note": [*task.get("note", ()), {"text": note}]}
        if task["status"] in WAY[:-1] and self.chance.random() < 0.5:
            edited["status"] = WAY[WAY.index(task["status"]) + 1]
        if self.chance.random() < 0.3:
            edited["statusReason"] = {"text": f"because of {note}"}
        answer = self._session.put(
            f"{self.world.url}/Task/{task['id']}",
            json=edited,
            headers={"If-Match": f'W/"{task["meta"]["versionId"]}"', "Content-Type": "application/fhir+json"},
            timeout=60,
        )
        if answer.status_code in (409, 412):
            self.races += 1
            return
        answer.raise_for_status()
        version = int(answer.json()["meta"]["versionId"])
        reason = edited.get("statusReason", {}).get("text")
        self.wrote.append(Wrote(task["id"], version, note, edited["status"], reason))

    def _task(self, number: int) -> dict[str, Any] | None:
        named = self.world.token("offer", f"R-{number}:o1")
        criteria = {"identifier": f"{named['system']}|{named['value']}"}
        answer = self._session.get(f"{self.world.url}/Task", params=criteria, timeout=60)
        answer.raise_for_status()
        return next((entry["resource"] for entry in answer.json().get("entry", ())), None)
