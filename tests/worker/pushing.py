"""Pushes a caseload in small batches, to be killed while it does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.world import World, lines

url, folder, namespace, clients = sys.argv[1:]
world = World(url, Path(folder), namespace)
world.hospital(bundle_entries=5).push(lines(world.caseload(int(clients))))
