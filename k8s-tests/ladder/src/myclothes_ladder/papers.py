"""docs/ladder.md: its text is written by people, its tables and plots are drawn from docs/ladder/*.json."""

from collections.abc import Mapping, Sequence
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
    drawings = {name: plot(measured) for name, plot in plots.PLOTS.items()} if measured else {}
    drawn = [name for name, drawing in drawings.items() if drawing]
    files = {root / DATA / f"{name}.svg": drawings[name] for name in drawn}
    files[root / PAPER] = f"{before}{BEGIN}\n{_figures(measured, drawn)}\n{END}{after}"
    return files


def _figures(measured: Mapping[str, Figures], drawn: Sequence[str]) -> str:
    parts = [tables.all_tables(measured)]
    if drawn:
        parts += ["### Drawn", *(f"![{name}]({DATA.name}/{name}.svg)" for name in drawn)]
    return "\n\n".join(parts)
