"""The ledger for tests: a run in a process of its own around a block of code, and its verdict."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from myclothes_ledger import checking, history, reports
from myclothes_ledger.checking.check import SETTLE_SECONDS
from myclothes_ledger.history import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from myclothes_ledger.checking import Verdict

START_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.1


class LedgerError(AssertionError):
    """A promise was not kept, or the run could not be made; the text explains."""


class Ledger:
    """`with Ledger(urls, folder, rate=60) as ledger:` keeps shoppers shopping while the block runs.

    `folder` is the history's; a folder that has one already goes on with it. `only` and `test_sku` are those of the
    command. `report` may be asked at any time; `check` ends the run.
    """

    def __init__(
        self,
        urls: Sequence[str] | str,
        folder: Path | str,
        *,
        rate: float = 60.0,
        shoppers: int | None = None,
        seed: int = 1,
        only: str | None = None,
        test_sku: str | None = None,
    ) -> None:
        self.urls = (urls,) if isinstance(urls, str) else tuple(urls)
        self.folder = Path(folder)
        given = {"--rate": rate, "--seed": seed, "--shoppers": shoppers, "--only": only, "--test-sku": test_sku}
        self._command = [sys.executable, "-m", "myclothes_ledger", "run", "--history", str(self.folder)]
        for url in self.urls:
            self._command += ["--url", url]
        for name, value in given.items():
            if value is not None:
                self._command += [name, str(value)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """What the run shows."""
        return self.folder / "run.log"

    @property
    def pid(self) -> int:
        """The id of the run's process; raises LedgerError when there is none."""
        if self._process is None:
            raise LedgerError("the ledger does not run")
        return self._process.pid

    def start(self) -> None:
        """Start the run and wait for its first answer; raises LedgerError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        size = self._size()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._has_answer(size):
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                self.kill()
                why = f"no answer within {START_SECONDS:g} s" if code is None else f"exit code {code}"
                raise LedgerError(f"the ledger did not start, {why}: {self.log.read_text()[-2000:]}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End the run in order; open requests have five seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._process = None
        if code:
            raise LedgerError(f"the ledger ended with exit code {code}: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """End the run without any order, as a crash does; `start` goes on with its history."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def mark(self, text: str) -> None:
        """Note something that is done to the shop."""
        history.mark(self.folder, text)

    def report(self) -> dict[str, Any]:
        """What the shoppers felt: see `reports.report`."""
        return reports.report(self.folder)

    def check(self, *, sole_buyer: bool = True, settle_seconds: float = SETTLE_SECONDS) -> Verdict:
        """The verdict, on the final state as the shop shows it now; ends the run first. Raises LedgerError when a
        promise was not kept, the final state cannot be read or a shopper's history not be decided.
        """
        self.stop()
        verdict = asyncio.run(
            checking.check(self.folder, self.urls, sole_buyer=sole_buyer, settle_seconds=settle_seconds)
        )
        if not verdict.kept:
            raise LedgerError(verdict.text())
        return verdict

    def _size(self) -> int:
        path = self.folder / NAME
        return path.stat().st_size if path.exists() else 0

    def _has_answer(self, size: int) -> bool:
        if self._size() <= size:
            return False
        with (self.folder / NAME).open("rb") as file:
            file.seek(size)
            return b'["call"' in file.read()
