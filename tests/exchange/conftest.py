"""The strategies lie beside the packages of tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
