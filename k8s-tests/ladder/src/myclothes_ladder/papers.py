"""docs/ladder.md: its text is written by people, its tables and plots are drawn from docs/ladder/*.json."""

from collections.abc import Mapping
from pathlib import Path

from myclothes_ladder import figures, plots, tables
from myclothes_ladder.figures import Figures
from myclothes_rig.errors import RigError

PAPER = Path("docs/ladder.md")
DATA = Path("docs/ladder")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(root: Path) -> None:
    """Bring the checkout's paper and its plots up to date."""
    for file, text in drawn(root).items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def drawn(root: Path) -> dict[Path, str]:
    """What each file of the paper has to contain. Raises RigError when the paper has lost its marks."""
    measured = figures.load(root / DATA)
    paper = (root / PAPER).read_text()
    before, begin, rest = paper.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise RigError(f"{PAPER} needs the lines {BEGIN} and {END}, between which the figures go")
    drawings = plots.PLOTS if measured else {}
    files = {root / DATA / f"{name}.svg": plot(measured) for name, plot in drawings.items()}
    files[root / PAPER] = f"{before}{BEGIN}\n{_figures(measured)}\n{END}{after}"
    return files


def _figures(measured: Mapping[str, Figures]) -> str:
    parts = [tables.all_tables(measured)]
    if measured:
        parts += ["### Drawn", *(f"![{name}]({DATA.name}/{name}.svg)" for name in plots.PLOTS)]
    return "\n\n".join(parts)
