"""What tests have measured (pytest's `record_property`): said at the end of a run, kept in artefacts/figures.json.

What a test prints itself is not shown when it passes.
"""

import json
from pathlib import Path

import pytest

FIGURES = Path(__file__).parent / "artefacts" / "figures.json"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say and keep the figures of the tests that passed, from all workers."""
    reports = terminalreporter.getreports("passed")
    measured = {report.nodeid: dict(report.user_properties) for report in reports if report.user_properties}
    if not measured:
        return
    terminalreporter.section("figures")
    for test, figures in measured.items():
        terminalreporter.write_line(f"{test}: {json.dumps(figures)}")
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    FIGURES.write_text(json.dumps(known | measured, indent=2, sort_keys=True) + "\n")
