# ruff: noqa: INP001 - a script
"""`python charts/values_table.py`: writes the table of values into the chart's README from its schema and defaults."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

CHART = Path(__file__).parent / "myclothes"
README = CHART / "README.md"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"


def rows(schema: dict[str, Any], node: dict[str, Any], defaults: Any, path: str = "") -> list[tuple[str, str, str]]:
    """Name, default and description of each value below `node`, in the schema's order."""
    found: list[tuple[str, str, str]] = []
    for key, raw in node["properties"].items():
        if path == "" and key == "global":
            continue
        name = f"{path}.{key}" if path else key
        target = schema["definitions"][raw["$ref"].rsplit("/", 1)[-1]] if "$ref" in raw else raw
        value = defaults[key]
        described = any("description" in below for below in target.get("properties", {}).values())
        if described:
            found.append((f"**{name}**", "", raw.get("description", "")))
            found += rows(schema, target, value, name)
        else:
            found.append((name, f"`{json.dumps(value)}`", raw["description"]))
    return found


def table() -> str:
    """The table, as Markdown."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for name, default, meaning in rows(schema, schema, defaults):
        escaped = [part.replace("|", "\\|") for part in (name, default, meaning)]
        lines.append(f"| {' | '.join(escaped)} |")
    return "\n".join(lines)


def rendered(readme: str) -> str:
    """The README with its table as it should be."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    README.write_text(rendered(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{README}: {table().count(chr(10)) - 1} values\n")
