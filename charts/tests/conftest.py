"""The tests' own modules and the chart's scripts, importable by name."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "myclothes" / "files")]
