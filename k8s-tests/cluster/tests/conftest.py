"""The chart rendered without a cluster: test modules are imported by path and do not see other folders."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "charts" / "tests"))
