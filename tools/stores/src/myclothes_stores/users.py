"""Whom a store's process runs as. Postgres refuses to be root, so root starts it as another user."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from myclothes_stores.errors import StoreError

_SETPRIV = "setpriv"
USER_VARIABLE = "MYCLOTHES_STORES_USER"
_CAP_DAC_OVERRIDE = 1


@dataclass(frozen=True)
class User:
    """A user of this machine that root can hand a process and its files to."""

    uid: int
    gid: int

    def setpriv_options(self) -> list[str]:
        """The options that make `setpriv` run a program as this user.

        Where root has it, the program keeps the right to pass through any folder (CAP_DAC_OVERRIDE): a checkout or
        its venv often lies below a home that only root may enter.
        """
        options = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if _has_capability(_CAP_DAC_OVERRIDE):
            options += ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
        return options

    def own(self, path: Path) -> None:
        """Hands a file or a whole folder to the user."""
        shutil.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)  # noqa: PTH118 -- os.walk gives strings


@cache
def setpriv() -> str:
    """The program of util-linux that changes a child's user and ties its life to its parent's."""
    found = shutil.which(_SETPRIV)
    if found is None:
        raise StoreError("the program setpriv is missing: install the package util-linux (apt-get install util-linux)")
    return found


def store_user() -> User | None:
    """Whom Postgres runs as: None (oneself) unless root; then the user named by MYCLOTHES_STORES_USER, or nobody."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(os.environ.get(USER_VARIABLE, "nobody"))
    return User(entry.pw_uid, entry.pw_gid)


@cache
def _has_capability(number: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "CapPrm":
            return bool(int(value, 16) >> number & 1)
    return False
