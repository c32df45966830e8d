"""Write `docs/reference/` from the code: settings, commands, errors, revisions and so on.

With `--check` the script writes nothing, and ends with exit code 1 if a page is stale.
"""

from __future__ import annotations

import ast
import dis
import inspect
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

import backroom
from backroom import errors
from backroom.api import control
from backroom.catalog.neighbours import NEIGHBOURS, Neighbour
from backroom.catalog.operations import OPERATIONS, Operation
from backroom.cli import main
from backroom.errors import Fault, FrameworkFault, OperationFault
from backroom.revisions import LADDER, NEWEST, history
from backroom.settings import Settings, variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.catalog.operations import RateClass

DIRECTORY = Path(__file__).parents[1] / "docs" / "reference"
SOURCE = Path(backroom.__file__).parent
ORIGIN = "*Made from the code by `.venv/bin/python scripts/make_reference.py`. Edit the code.*"
WIDTH = 80
COMPLETION = """\
A shell completes commands and options once it has run this line, or has it in its start-up file:

| shell | line | file |
| --- | --- | --- |
| bash | `eval "$(_BACKROOM_COMPLETE=bash_source backroom)"` | `~/.bashrc` |
| zsh | `eval "$(_BACKROOM_COMPLETE=zsh_source backroom)"` | `~/.zshrc` |
| fish | `_BACKROOM_COMPLETE=fish_source backroom \\| source` | `~/.config/fish/config.fish` |
"""


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table. Escapes the vertical bars in its cells."""
    written = [list(heads)]
    written.append(["---"] * len(written[0]))
    written += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in written)


def sentence(documented: object) -> str:
    """Give a docstring as one line."""
    return " ".join((inspect.getdoc(documented) or "").split())


def settings() -> str:
    """Write the settings, their flags and variables."""
    rows = [
        (
            f"`--{each.name.replace('_', '-')} {each.metadata['metavar']}`".replace(" `", "`"),
            f"`{variable(each.name)}`",
            f"`{each.default}`" if each.default != "" and each.type != "bool" else "",
            each.metadata["help"],
        )
        for each in fields(Settings)
    ]
    words = (
        "A flag of `backroom serve` and its variable set the same thing. If both are given, the"
        " flag wins. A flag without a value has an opposite, such as `--no-ephemeral`, which is the"
        " default. The variable of such a flag is `1`, `true`, `yes` or `on`, or else `0`, `false`,"
        " `no` or `off`. A value that is not allowed ends the command with exit code 2."
    )
    return f"# Settings\n\n{words}\n\n{table(('flag', 'variable', 'default', 'meaning'), rows)}"


def cli() -> str:
    """Write the help of every command."""
    root = click.Context(main, info_name="backroom", terminal_width=WIDTH, **main.context_settings)
    parts = ["# The command line", COMPLETION]
    parts += [
        f"## `{context.command_path}`\n\n```text\n{context.command.get_help(context)}\n```"
        for context in commands(root)
    ]
    return "\n\n".join(parts)


def commands(context: click.Context) -> Iterator[click.Context]:
    """Give a command and all its subcommands, each in a context of its own."""
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None:
                yield from commands(
                    click.Context(command, context, info_name=name, **command.context_settings)
                )


def faults() -> str:
    """Write the errors that the API answers, in the order of their status."""
    families = {Fault, FrameworkFault, OperationFault}
    classes = [
        each
        for each in vars(errors).values()
        if inspect.isclass(each) and issubclass(each, Fault) and each not in families
    ]
    rows = [
        (
            each.__name__,
            str(each.status),
            f"`{each.code}`",
            title(each),
            form(each),
            sentence(each),
        )
        for each in sorted(classes, key=lambda each: each.status)
    ]
    words = (
        "Every error answer has one entry in `errors`, with `id`, `status`, `code`, `title`,"
        " `detail` and `source`. The long form also has `links` and `meta`. The pointer of the"
        " short form is always `/data/`. An error of the form *operation* has the long form when a"
        " single call fails. When a job operation fails, the job has an entry in its `errors` with"
        " the code `invalid`."
    )
    heads = ("fault", "status", "code", "title", "form", "when")
    return f"# Errors\n\n{words}\n\n{table(heads, rows)}"


def title(fault: type[Fault]) -> str:
    """Give the title of an error. A few errors repeat their detail as the title."""
    own = dis.get_instructions(fault.__init__)
    repeats = any(each.opname == "STORE_ATTR" and each.argval == "title" for each in own)
    return "*the detail*" if repeats else fault.title


def form(fault: type[Fault]) -> str:
    """Give the form of an error, which says what members it has."""
    if issubclass(fault, OperationFault):
        return "operation"
    return "short" if issubclass(fault, FrameworkFault) else "long"


def revisions() -> str:
    """Write what each revision changed."""
    parts = [
        "# Revisions",
        "The server serves all of these revisions. The list says what each one changed.",
    ]
    for date in reversed(LADDER):
        words = [f"- {' '.join(each.split())}" for each in history.changes(date)]
        parts.append(f"## {date}\n\n" + ("\n".join(words) or "Nothing changed in what is served."))
    return "\n\n".join(parts)


def scopes(operation: Operation) -> str:
    """Write the scopes of an operation, the newest ones where they changed."""
    if not isinstance(operation, Neighbour):
        return f"`{operation.scope}`"
    if operation.public:
        return "none"
    return ", ".join(f"`{each}`" for each in operation.scopes_at(NEWEST))


def operations() -> str:
    """Write the table of operations."""
    rows = [
        (
            each.method,
            f"`{each.path}`",
            f"`{each.name}`" + (f" from {each.since}" if each.since else ""),
            str(each.status),
            scopes(each),
            rates(each.rates),
        )
        for each in (*OPERATIONS, *NEIGHBOURS)
    ]
    heads = ("method", "path", "operation", "success", "scope", "requests per second, minute")
    words = (
        "Each operation exists in every revision, unless its row names the first revision that has"
        " it. Paths may end in a slash. `HEAD` gives the same answer as `GET`, without the body."
        " The `Allow` header of an answer to `OPTIONS` lists the methods of a path."
    )
    return f"# Operations\n\n{words}\n\n{table(heads, rows)}"


def server_paths() -> str:
    """Write the table of the paths outside of the API."""
    rows = [
        (
            f"`{each.path}`",
            each.words,
            each.needs,
            ", ".join(str(status) for status in each.statuses),
        )
        for each in control.ROUTES
    ]
    members = [(f"`{name}`", words) for name, words in control.HEALTH_MEMBERS.items()]
    methods = " and ".join(f"`{each}`" for each in control.METHODS)
    words = (
        "These paths are outside of the API. They need no key and no `revision` header, and no rate"
        f" limit counts them. Each takes {methods}, and may end in a slash. Any other method is"
        " answered 405."
    )
    dates = (
        f"`{control.DATE}` is a date as in a `revision` header: a date between two revisions finds"
        " the earlier one. Anything else is answered 404. [The server's own documents](openapi.md)"
        " describes what is in a document."
    )
    health = (
        "Each of the four health paths answers with a JSON object of these members. The status is"
        " 200, or 503 while the database can't be read or written to; then the log says why."
        " `/_backroom/health/live` does not ask the database, so its status is always 200."
    )
    routes = table(("path", "what it answers", "what it needs first", "statuses"), rows)
    described = table(("member", "what it says"), members)
    parts = ("# Paths of the server itself", words, routes, dates, "## Health", health, described)
    return "\n\n".join(parts)


def logs() -> str:
    """Write how the program logs, and the table of the lines that it logs."""
    words = (
        "`backroom serve` and `backroom work` write their log to standard error: the time, the"
        " level, the logger, and the line. Standard output has only what the command was started"
        " for, such as the URL of the server and the first key. `--log-level` or"
        " `BACKROOM_LOG_LEVEL` says how much to log."
    )
    shell = "```sh\nbackroom serve --ephemeral --port 0 --log-level warning 2> backroom.log &\n```"
    quiet = "Requests are not logged. A server on SQLite logs nothing while all is well."
    lines = (
        "Each `%s` or `%r` stands for a value, such as an account, an error or a version. The last"
        " column says which lines a traceback follows. The value in `request %s failed` is the `id`"
        " of the error that the client got. Libraries may add lines of their own."
        " [Troubleshooting](troubleshooting.md) says what to do."
    )
    shown = table(("level", "logger", "line", "traceback"), sorted(log_lines()))
    return f"# Logs\n\n{words}\n\n{shell}\n\n{quiet}\n\n## Every line\n\n{lines}\n\n{shown}"


def log_lines() -> Iterator[tuple[str, str, str, str]]:
    """Give each line that the program logs: its level, its logger and its text."""
    levels = {"exception": "ERROR"}
    for path in SOURCE.rglob("*.py"):
        logger = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                    args=[ast.Constant(value=str(text)), *_],
                ):
                    traced = level == "exception" or any(e.arg == "exc_info" for e in node.keywords)
                    shown = levels.get(level, level.upper())
                    yield shown, f"`{logger}`", text, "yes" if traced else ""


def rates(given: RateClass) -> str:
    """Write the rates of an operation, the newest first."""
    steps = [
        f"{rate.burst}, {rate.steady}" + (f" from {since}" if since else "")
        for since, rate in given.steps
    ]
    return "; before ".join(steps)


PAGES = {
    "settings.md": settings,
    "cli.md": cli,
    "errors.md": faults,
    "revisions.md": revisions,
    "operations.md": operations,
    "server-paths.md": server_paths,
    "logs.md": logs,
}


def stale() -> dict[Path, str]:
    """Give the stale pages, with the texts that they should have."""
    due = {DIRECTORY / name: f"{ORIGIN}\n\n{page()}\n" for name, page in PAGES.items()}
    return {
        path: text
        for path, text in due.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a page is stale.")
def make_reference(*, check: bool) -> None:
    """Write docs/reference/ from the code."""
    pages = stale()
    for path, text in pages.items():
        if check:
            print(f"docs/reference/{path.name} is stale; run scripts/make_reference.py")
        else:
            DIRECTORY.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/reference/{path.name}")
    sys.exit(1 if check and pages else 0)


if __name__ == "__main__":
    make_reference()
