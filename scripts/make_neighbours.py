"""Make the facts of the neighbours from a list of what the published specifications say of them.

The list has, for each revision, the rows of the operations with their schemas, and each operation
of the real service with the revisions that have it. The server needs less: for each operation the
parameters and the schemas, from a revision on, once where several revisions say the same. The tests
keep the list itself, to hold the server against it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "wire" / "neighbours.json"
FACTS = ROOT / "src" / "backroom" / "catalog" / "facts"


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(source: Path) -> None:
    """Read the list in SOURCE and write the files of the server and of the tests."""
    facts = msgspec.json.decode(source.read_bytes())
    KEPT.write_bytes(msgspec.json.encode(facts, order="sorted") + b"\n")
    FACTS.mkdir(exist_ok=True)
    shapes = {"operations": _steps(facts["revisions"]), "schemas": facts["schemas"]}
    (FACTS / "neighbours.json").write_bytes(msgspec.json.encode(shapes, order="sorted") + b"\n")
    rows = [
        [each["method"], each["path"], each["since"], each["until"] or ""]
        for each in facts["all_operations"]
    ]
    lines = ",\n".join(msgspec.json.encode(row).decode() for row in rows)
    (FACTS / "real_operations.json").write_text(f"[\n{lines}\n]\n", "utf-8")


def _steps(revisions: dict[str, Any]) -> dict[str, list[Any]]:
    """Give what is said of each operation, newest first, once for revisions that say the same."""
    steps: dict[str, list[Any]] = {}
    for revision in sorted(revisions):
        for row in revisions[revision]:
            said = {
                "query": {each["name"]: each["schema"] for each in row["query"]},
                "body": row["request_schema"],
                "answer": row["response_schema"],
            }
            held = steps.setdefault(f"{row['method']} {row['path'].replace('{}', '{id}')}", [])
            if not held or {key: held[0][key] for key in said} != said:
                held.insert(0, {"since": revision, **said})
    return steps


if __name__ == "__main__":
    main()
