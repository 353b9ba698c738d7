"""Products that are made once for the same inputs: a key, a place, and a finished product or none."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KEY_LENGTH = 16


def key_of(*inputs: str | bytes | Path) -> str:
    """A short name for these inputs. A Path stands for the file's content, or a folder's files and their content."""
    digest = hashlib.sha256()
    for part in inputs:
        if isinstance(part, Path):
            for file in sorted(part.rglob("*")) if part.is_dir() else [part]:
                if file.is_file():
                    name = file.name if file == part else str(file.relative_to(part))
                    digest.update(hashlib.sha256(name.encode()).digest())
                    digest.update(hashlib.sha256(file.read_bytes()).digest())
        else:
            digest.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return digest.hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True, slots=True)
class Made:
    """A product, and how long making it took: 0 when it was there."""

    path: Path
    seconds: float


def make(target: Path, build: Callable[[Path], None]) -> Made:
    """The product at `target`, built when it is missing.

    `build` is given a path beside `target` and creates a file or folder there; it is moved into place only when
    `build` returns, so that an interrupted build leaves nothing that looks finished.
    """
    if target.exists():
        return Made(target, 0.0)
    started = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    remove(unfinished)
    try:
        build(unfinished)
        unfinished.replace(target)
    finally:
        remove(unfinished)
    return Made(target, time.monotonic() - started)


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
