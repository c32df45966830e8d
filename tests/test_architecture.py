"""The house rules that a program can check: sizes, words, and where things may stand."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

import backroom
from conftest import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE = Path(backroom.__file__).parent
TESTS = Path(__file__).parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module of the house."""

    path: Path

    @cached_property
    def name(self) -> str:
        return self.path.relative_to(SOURCE).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def package(self) -> str:
        return self.name.partition("/")[0]

    @cached_property
    def functions(self) -> list[Function]:
        return [
            node for node in self.nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]

    def texts(self) -> Iterator[str]:
        """The text constants that are no docstrings, parts of f-strings too."""
        documented = {id(node.value) for node in self.nodes if isinstance(node, ast.Expr)}
        constants = [node for node in self.nodes if isinstance(node, ast.Constant)]
        for node in constants:
            if isinstance(node.value, str) and id(node) not in documented:
                yield node.value

    @cached_property
    def names(self) -> set[str]:
        """Every name with a dot that is read, as `time.time`, however it was imported."""
        imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in self.nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        found = set()
        for node in self.nodes:
            if isinstance(node, ast.Name):
                found.add(imported.get(node.id, node.id))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(f"{imported.get(node.value.id, node.value.id)}.{node.attr}")
        return found


MODULES = [Module(path) for path in sorted(SOURCE.rglob("*.py"))]
NAMES = {module.name for module in MODULES}


def lines(node: Function) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def breaking(rule: Callable[[Module], bool]) -> list[str]:
    """The modules for which a rule does not hold."""
    return [module.name for module in MODULES if not rule(module)]


def test_modules_have_at_most_400_lines() -> None:
    assert breaking(lambda module: len(module.text.splitlines()) <= 400) == []


def test_median_module_fits_two_pages() -> None:
    sizes = [len(module.text.splitlines()) for module in MODULES if module.text]
    assert 40 <= median(sizes) <= 150


def test_functions_have_at_most_60_lines() -> None:
    assert [
        f"{module.name}: {node.name}: {lines(node)}"
        for module in MODULES
        for node in module.functions
        if lines(node) > 60
    ] == []


def test_most_functions_are_short() -> None:
    sizes = sorted(lines(node) for module in MODULES for node in module.functions)
    assert sizes[int(len(sizes) * 0.95)] <= 35


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "base", "manager", "managers"}
    assert [each.name for each in MODULES if each.path.stem.strip("_") in drawers] == []


STATEMENT = re.compile(
    r"\b((select\s.+\sfrom|insert\s+into|update\s\w+\s+set|delete\s+from"
    r"|(create|alter|drop)\s+(table|index|unique|schema|type|function|view)"
    r"|set\s+(local|session)|pragma|savepoint)\b|select\s+(\d|\w+\())",
    re.DOTALL,
)


def test_sql_stands_in_the_store() -> None:
    # The progress of an import is a file of the client, of which the store knows nothing. So is the
    # catalog that an export has read.
    ledger = {"feeds/ledger.py", "feeds/ledger_file.py", "feeds/tallies.py"}
    ledger |= {"feeds/catalog_spool.py"}
    ledger |= {"feeds/known.py", "feeds/push_plan.py", "feeds/source_catalog.py"}
    ledger |= {"feeds/refused_rows.py", "feeds/source_digests.py"}
    elsewhere = [each for each in MODULES if each.package != "store" and each.name not in ledger]
    assert [
        f"{module.name}: {text}"
        for module in elsewhere
        for text in module.texts()
        if STATEMENT.search(text)
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "create schema if not exists tasks",
        "set local search_path to tasks",
        "select 1",
        "select accept_job(:account)",
        "select set_config('search_path', :schema, true)",
        "select to_regclass(:name)",
    ],
)
def test_short_statements_are_seen(text: str) -> None:
    assert STATEMENT.search(text)


def test_revision_dates_stand_in_their_tables() -> None:
    homes = {"revisions", "catalog"}
    elsewhere = [each for each in MODULES if each.package not in homes]
    assert [
        f"{module.name}: {text}"
        for module in elsewhere
        for text in module.texts()
        if re.search(r"\b20\d\d-\d\d-\d\d\b", text)
    ] == []


@pytest.mark.parametrize("package", ["actions.py", "jobs", "store"])
def test_inner_layers_know_no_revision(package: str) -> None:
    inner = [each for each in MODULES if each.package == package]
    assert inner
    assert [each.name for each in inner if "revisions" in " ".join(sorted(each.names))] == []


def test_modules_say_what_they_answer_for() -> None:
    def says_so(module: Module) -> bool:
        return not module.text or bool((ast.get_docstring(module.tree) or "").strip())

    assert breaking(says_so) == []


def test_public_functions_say_what_they_do() -> None:
    public = [
        (module, node)
        for module in MODULES
        for node in module.tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
    ]
    assert [
        f"{module.name}: {node.name}" for module, node in public if not ast.get_docstring(node)
    ] == []


def test_one_module_reads_the_environment() -> None:
    def keeps_away(module: Module) -> bool:
        return not {"os.environ", "os.getenv", "os.environb"} & module.names

    assert set(breaking(keeps_away)) <= {"cli/options.py", "settings.py"}


def test_one_module_knows_the_time() -> None:
    sources = {
        "datetime.now",
        "datetime.datetime.now",
        "datetime.utcnow",
        "datetime.datetime.utcnow",
        "datetime.date.today",
        "date.today",
        "time.time",
        "time.time_ns",
        "uuid.uuid4",
        "uuid.uuid1",
    }

    def asks_the_clock(module: Module) -> bool:
        return not sources & module.names

    assert breaking(asks_the_clock) == ["clock.py"]


EVENT_LOOP = re.compile(r"\bevent[-\s]loop\b", re.IGNORECASE)
ON_LOOP = {
    "AbstractEventLoop",
    "add_reader",
    "call_later",
    "call_soon",
    "call_soon_threadsafe",
    "get_running_loop",
    "run_in_executor",
    "wrap_future",
}
"""Names that only code has which runs on an event loop, or hands work to one."""


def test_event_loop_code_says_so() -> None:
    """The docstring of a module says that it has code for an event loop, and only then."""

    def is_loop_code(module: Module) -> bool:
        named = {name.rpartition(".")[2] for name in module.names}
        return bool(ON_LOOP & named) or any(
            isinstance(node, ast.AsyncFunctionDef) for node in module.functions
        )

    # The overview of a package may say what its modules do.
    modules = [each for each in MODULES if each.path.stem != "__init__"]
    saying = {
        each.name for each in modules if EVENT_LOOP.search(ast.get_docstring(each.tree) or "")
    }
    code = {each.name for each in modules if is_loop_code(each)}
    assert code == saying
    assert code >= {"api/app.py", "store/sqlite.py", "store/postgresql/pipeline.py"}


def imports(module: Module) -> Iterator[tuple[str, str]]:
    """Every name that a module takes from another of the house, types included."""
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("backroom"):
            for alias in node.names:
                yield str(node.module), alias.name


def path_of(imported: str, name: str) -> str | None:
    """The module that an import is of."""
    parts = imported.split(".")[1:]
    for found in ([*parts, f"{name}.py"], [*parts, name, "__init__.py"], [*parts, "__init__.py"]):
        if "/".join(found) in NAMES:
            return "/".join(found)
    alone = "/".join(parts) + ".py"
    return alone if alone in NAMES else None


def test_feeds_know_only_tables() -> None:
    """They are a client of the API, of which these tables are data; `outgoing` checks URLs."""
    imported = {
        path_of(*each) or ""
        for module in MODULES
        if module.package == "feeds"
        for each in imports(module)
    }
    beyond = {each for each in imported if not each.startswith("feeds/")}
    assert beyond == {
        "catalog/ids.py",
        "catalog/kinds.py",
        "catalog/operations.py",
        "outgoing.py",
    }


def test_no_private_name_is_borrowed() -> None:
    borrowed = [
        f"{module.name}: {name}"
        for module in MODULES
        for _, name in imports(module)
        if name.startswith("_") and not name.startswith("__")
    ]
    imported = {module.name: {name for _, name in imports(module)} for module in MODULES}
    taken = [
        f"{module.name}: {ast.unparse(node)}"
        for module in MODULES
        for node in module.nodes
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and isinstance(node.value, ast.Name)
        and node.value.id in imported[module.name]
        and not node.attr.startswith(("_fields", "_replace", "_asdict"))
    ]
    assert borrowed + taken == []


def test_no_modules_import_in_circles() -> None:
    """Imports for types count too: who reads one module of a circle has to read all."""
    graph = {
        module.name: {path_of(*each) for each in imports(module)} - {None, module.name}
        for module in MODULES
    }
    left = dict(graph)
    while ready := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in ready:
            del left[name]
    assert left == {}


SHARED_NAMES = {
    # What is done to resources and relationships, in an operation, in the catalog and in its rows.
    *("add", "delete", "insert", "remove", "replace", "update"),
    # A key is created as a resource is, and a job expires in one account or in all.
    *("create", "expire"),
    # The formats of feeds have one interface, and so have those of shops.
    *("read", "group_of", "rows_of"),
    # What serves, and what tests hold of it.
    "Server",
    # Schemas of published documents, and of our own.
    "Schema",
    # A row of a feed, and one of a database.
    "Row",
}
"""Names that several modules define, each time with the same meaning or one beside it."""


def defined(node: ast.stmt) -> str | None:
    """Give the name of the function, the class or the type that a statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        return name if re.fullmatch("[A-Z][A-Za-z]+[a-z][A-Za-z]*", name) else None
    return None


def test_names_are_defined_once() -> None:
    """Whoever searches for the name of a function, a class or a type finds the right one."""
    homes: dict[str, list[str]] = {}
    for module in MODULES:
        for node in module.tree.body:
            if name := defined(node):
                homes.setdefault(name, []).append(module.name)
    twins = {name: found for name, found in homes.items() if len(found) > 1}
    assert {name: found for name, found in twins.items() if name not in SHARED_NAMES} == {}
    assert not SHARED_NAMES - twins.keys()


def constant(node: ast.stmt) -> tuple[str, str] | None:
    """Give the name of the constant that a statement defines, and what its value is made of."""
    if isinstance(node, ast.Assign):
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target, value = node.target, node.value
    else:
        return None
    if isinstance(target, ast.Name) and re.fullmatch("_?[A-Z][A-Z0-9_]*", target.id):
        return target.id, ast.unparse(value)
    return None


OF_INTERFACES = {"ROUTES", "FIELDS", "COLUMNS"}
"""Constants by which modules of one interface say what they have."""


def test_constants_of_one_name_are_equal() -> None:
    values: dict[str, dict[str, list[str]]] = {}
    for module in MODULES:
        for name, value in filter(None, map(constant, module.tree.body)):
            values.setdefault(name, {}).setdefault(value, []).append(module.name)
    several = {name: found for name, found in values.items() if len(found) > 1}
    assert {name: several[name] for name in several.keys() - OF_INTERFACES} == {}


def test_kinds_are_never_branched_on() -> None:
    compared = [
        f"{module.name}: {ast.unparse(node)}"
        for module in MODULES
        # A change of the past names the members that it moves.
        if module.name != "catalog/kinds.py" and not module.name.startswith("revisions/v")
        for node in module.nodes
        if isinstance(node, ast.Compare)
        for part in (node.left, *node.comparators)
        if isinstance(part, ast.Constant) and part.value in {"item", "variant", "category"}
    ]
    assert compared == []


def test_changes_have_at_most_40_lines() -> None:
    classes = [
        node
        for module in MODULES
        if re.match(r"revisions/v\d", module.name)
        for node in module.nodes
        if isinstance(node, ast.ClassDef)
    ]
    assert len(classes) > 5
    sizes = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in classes}
    assert {name: size for name, size in sizes.items() if size > 40} == {}


TESTED_ELSEWHERE = {"server.py", "feeds/loading.py", "api/wire.py", "store/job_rows.py"}


def test_modules_have_tests_of_their_name() -> None:
    def has_tests(module: Module) -> bool:
        if module.path.stem.startswith("__") or module.name in TESTED_ELSEWHERE:
            return True
        if module.name.startswith("api/openapi/"):
            # Parts of one document, which tests/openapi holds against contract and server.
            return True
        place = TESTS / module.path.relative_to(SOURCE).parent
        return (place / f"test_{module.path.stem}.py").exists()

    assert breaking(has_tests) == []


def test_folders_left_out_of_quick_exist() -> None:
    assert {path.name for path in TESTS.rglob("*") if path.is_dir()} >= WHOLE
