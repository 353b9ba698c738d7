"""The papers' commands: each fenced `sh` block is run by a test under its name, or says why not.

A block's name stands in a comment before it, `<!-- run: NAME -->`; one that is not run begins with
`# not run here: REASON`.
"""

import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from myclothes_cluster.release import Release
from myclothes_rig import shop_images
from myclothes_rig.errors import CommandError, PreparationError

ROOT = shop_images.repository_root()
DATA = Path(__file__).parent / "data"
PAPERS = ("docs/install.md", "docs/operations.md", "docs/security.md")
"""Those whose commands are meant for an operator."""
RUN_SECONDS = 300.0
NOT_RUN = "# not run here: "

_BLOCK = re.compile(
    r"(?:<!-- run: (?P<name>[\w-]+) -->\n)?^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a paper."""

    paper: str
    line: int
    language: str
    text: str
    name: str
    """Empty without one."""

    @property
    def reason(self) -> str:
        """Why it is not run; empty when it is."""
        first = self.text.split("\n", 1)[0]
        return first.removeprefix(NOT_RUN).strip() if first.startswith(NOT_RUN) else ""


def blocks(paper: str) -> list[Block]:
    """All fenced blocks of a paper, in order. Raises OSError."""
    whole = (ROOT / paper).read_text(encoding="utf-8")
    return [
        Block(
            paper=paper,
            line=whole.count("\n", 0, found.start("language")) + 1,
            language=found["language"],
            text=textwrap.dedent(found["text"]),
            name=(found["name"] or "").strip(),
        )
        for found in _BLOCK.finditer(whole)
    ]


def named(name: str) -> Block:
    """The one block of this name. Raises LookupError."""
    found = [block for paper in PAPERS for block in blocks(paper) if block.name == name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} blocks are called {name}")
    return found[0]


def environment(release: Release, *, by_sdk: bool = True) -> dict[str, str]:
    """The variables that the commands use, for a release that was made by Helm's SDK, or by its command."""
    path = os.environ["PATH"]
    if release.target.rig is not None:
        path = f"{release.target.rig.layout.bin}:{path}"
    helm = shutil.which("helm", path=path)
    if helm is None:
        raise PreparationError("helm is missing")
    return {
        "NAMESPACE": release.namespace,
        "RELEASE": release.name,
        "KUBECONFIG": str(release.target.kubeconfig),
        "HELM": helm,
        "PATH": f"{DATA}:{path}" if by_sdk else path,
    }


def run(
    name: str, environment: Mapping[str, str | Path], *, checkout: Path = ROOT, seconds: float = RUN_SECONDS
) -> str:
    """Run a block as an operator would, in a shell at the root of a checkout, and return what it printed.

    Raises CommandError with the end of its output.
    """
    block = named(name)
    place = f"{block.paper}:{block.line} ({name})"
    try:
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block.text],
            cwd=checkout,
            env={**os.environ, **{key: str(value) for key, value in environment.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace")
        raise CommandError(f"{place} did not end within {seconds:g} s\n{said[-4000:]}") from error
    if done.returncode:
        raise CommandError(f"{place} ended with {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout
