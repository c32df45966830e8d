"""Write `docs/reference/` from the code: settings, commands, errors, revisions and so on.

With `--check` the script writes nothing, and ends with exit code 1 if a page is stale.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast, is_typeddict

import click

import backroom
from backroom import errors, events
from backroom.api import control
from backroom.catalog.neighbours import SERVED_OPERATIONS, Neighbour
from backroom.cli import access_log, job_log, main
from backroom.cli import logs as logs_of
from backroom.cli.doctor import ALL_CHECKS
from backroom.cli.doctor_checks import PUBLIC
from backroom.control.table import ROUTES as CONTROL_ROUTES
from backroom.errors import Fault, FrameworkFault, OperationFault
from backroom.feeds.formats import SHOPS
from backroom.feeds.holdings import HOLDINGS
from backroom.revisions import LADDER, NEWEST, history
from backroom.settings import SETTINGS, variable
from backroom.signals.families import FAMILIES, PREFIX_OF_METRICS
from backroom.testing import Account, AddedWish, SavedCatalog, SentRequest, Server, plugin
from backroom.testing.account_requests import AccountRequests, WantedMembers
from backroom.testing.account_wishes import (
    AccountFaults,
    AccountPace,
    FaultMembers,
    WishMembers,
)
from backroom.testing.server_clock import ServerClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backroom.catalog.operations import Operation, RateClass
    from backroom.control.route import ControlRoute
    from backroom.feeds.shop_format import ShopFormat

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
            f"`{each.default}`" if each.default not in ("", ()) and each.type != "bool" else "",
            each.metadata["help"],
        )
        for each in SETTINGS
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
        parts.append(f"## {date}\n\n" + ("\n".join(words) or "The revisions do not differ."))
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
        for each in SERVED_OPERATIONS
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
    methods = " and ".join(f"`{each}`" for each in control.CONTROL_METHODS)
    words = (
        "These paths are outside of the API. They need no `revision` header, and no rate limit"
        " counts them. Only those that read the catalog of an account need its key, with the scope"
        f" `catalogs:read`. Each takes {methods}, and may end in a slash. Any other method is"
        " answered 405."
    )
    dates = (
        f"`{control.DATE_IN_PATH}` is a date as in a `revision` header: a date between two"
        " revisions finds the earlier one. Anything else is answered 404."
        " [The server's own documents](openapi.md) says what is in a document."
    )
    health = (
        "Each of the five health paths answers with a JSON object of these members. The status is"
        " 200, or 503 while the database can't be read or written to; then the log says why."
        " `/_backroom/health/live` and `/_backroom/health/startup` do not ask the database, so"
        " their status is always 200."
    )
    routes = table(("path", "what it answers", "what it needs first", "statuses"), rows)
    described = table(("member", "what it says"), members)
    parts = ("# Paths of the server itself", words, routes, dates, "## Health", health, described)
    return "\n\n".join(parts)


def control_api() -> str:
    """Write every path of the control API, with what it takes."""
    words = (
        "Tests and operators control a running server by these paths. Each needs the token of"
        " `--control-token`, `BACKROOM_CONTROL_TOKEN` or the file that"
        " `BACKROOM_CONTROL_TOKEN_FILE` names. Without any of them the server makes one at its"
        " start, prints it, and has it as `control_token` in the line of `--format json`."
    )
    sent = (
        "A request has the header `Authorization: Bearer TOKEN`, and a body of JSON, or none. An"
        " answer is JSON. A refusal is an object whose `error` says what to do. Pages of other"
        " origins are refused, and so are names in `Host` that are not the server's: loopback, the"
        " address that it listens on, and that of `--public-url`. Paths may end in a slash."
    )
    own = (
        "Where several servers serve one database, accounts, keys, catalogs, jobs and snapshots"
        " belong to the database, and any of the servers answers for all. Fixed keys, `--open`,"
        " time, pace, faults and requests belong to the process that is asked. `GET"
        f" {control.PREFIX}/info` lists these as `of_this_process`."
    )
    called = (
        "In Python, `backroom.control.table.perform(server.control, method, path, body, query)`"
        f" does what a request does, without HTTP. `GET {control.PREFIX}/control.json` is the"
        " OpenAPI document of these paths."
    )
    parts = ["# The control API", words, sent, own, called]
    parts += [_control_path(each) for each in CONTROL_ROUTES]
    return "\n\n".join(parts)


def pytest_plugin() -> str:
    """Write the fixtures, the options and the marker of the plugin, and what the fixtures give."""
    words = (
        "The plugin comes with the package, as the entry point `backroom` of pytest."
        " [How to use it](../how-to/use-from-pytest.md) has examples. `-p no:backroom` switches it"
        " off."
    )
    options = [
        (f"`{name}`", f"`{default}`" if default else "", meant)
        for name, (meant, default) in plugin.INI_OPTIONS.items()
    ]
    marker, _, meaning = plugin.MARKER.partition(": ")
    marked = f"`@pytest.mark.{marker}`: {meaning}"
    never = (
        "`-W error::backroom.testing.NeverUsed` turns the warning about unused faults and wishes"
        " into an error."
    )
    control = (
        "If the server refuses a call, the method raises a `ControlError`, whose text says what to"
        " do. `backroom.testing` has the classes, or objects that have them as attributes."
    )
    parts = ["# The pytest plugin", words]
    parts += ["## Fixtures", table(("fixture", "one for each", "what it is"), _fixtures())]
    parts += ["## Marker", marked, "## Options", table(("option", "default", "meaning"), options)]
    parts += [never, "## What the fixtures give", control]
    parts += [_class_of_testing(each) for each in TESTING]
    return "\n\n".join(parts)


TESTING: tuple[type, ...] = (
    *(Server, Account, AccountRequests, WantedMembers, SentRequest, AccountFaults, FaultMembers),
    *(AccountPace, WishMembers, AddedWish, ServerClock, SavedCatalog),
)


def _fixtures() -> Iterator[tuple[str, str, str]]:
    """Give the name, the scope and the meaning of each fixture."""
    for node in ast.parse(inspect.getsource(plugin)).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            made = [each for each in map(ast.unparse, node.decorator_list) if "fixture" in each]
            for each in made:
                scope = "run" if "session" in each else "test"
                yield f"`{node.name}`", scope, " ".join((ast.get_docstring(node) or "").split())


def _class_of_testing(documented: type) -> str:
    """Write the attributes and the methods of a class that tests hold."""
    rows = [*_attributes_of(documented)]
    rows += [_described_member(name, value) for name, value in _public_members(documented)]
    words = (inspect.getdoc(documented) or "").replace("\n\n", "\0").replace("\n", " ")
    if is_typeddict(documented):
        words += f"\n\nMembers: {', '.join(f'`{name}`' for name in documented.__annotations__)}."
    heading = f"### `{documented.__name__}`\n\n" + words.replace("\0", "\n\n")
    return f"{heading}\n\n{table(('member', 'what it is'), rows)}" if rows else heading


def _public_members(documented: type) -> Iterator[tuple[str, object]]:
    """Give methods and properties, those of its bases too, in the order of the code."""
    for owner in [] if is_typeddict(documented) else documented.__mro__[:-1]:
        for name, value in vars(owner).items():
            if not name.startswith("_") and (callable(value) or isinstance(value, property)):
                yield name, value


def _attributes_of(documented: type) -> Iterator[tuple[str, str]]:
    """Give the attributes that `__init__` sets and that a text below them describes."""
    made = vars(documented).get("__init__")
    if made is None or documented is SentRequest:
        return
    function = cast("ast.FunctionDef", ast.parse(textwrap.dedent(inspect.getsource(made))).body[0])
    for before, after in pairwise(function.body):
        match before, after:
            case (
                ast.Assign(targets=[ast.Attribute(attr=name)]),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield f"`{name}`", words


def _described_member(name: str, value: object) -> tuple[str, str]:
    if isinstance(value, property):
        return f"`{name}`", sentence(value.fget)
    shown = str(inspect.signature(cast("Callable[..., object]", value)))
    shown = re.sub(r": 'Unpack\[(\w+)\]'", r": \1", shown)
    shown = re.sub(r" -> .*", "", shown).replace("(self, ", "(").replace("(self)", "()")
    return f"`{name}{shown}`".replace("'", ""), sentence(value)


def _control_path(route: ControlRoute) -> str:
    heading = f"## `{route.method} {control.PREFIX}{route.path}`\n\n{route.summary}"
    rows = [
        (f"`{each.name}`", place, each.form, "yes" if each.required else "no", each.words)
        for place, members in (("body", route.body), ("query", route.query))
        for each in members or ()
    ]
    shown = table(("member", "where", "type", "needed", "meaning"), rows) if rows else ""
    answered = f"Answers {route.status}."
    return "\n\n".join(part for part in (heading, shown, answered) if part)


def doctor() -> str:
    """Write the table of what `backroom doctor` looks at."""
    words = (
        "`backroom doctor` says in plain words what is wrong on this machine and in the database,"
        " and what to do about it. It takes the settings of `backroom serve`, changes nothing, and"
        " asks nobody but what the settings name. The exit code is 3 if something is wrong, and 0"
        " if there are warnings at most."
    )
    shell = "```sh\nbackroom doctor --database backroom.db --port 0\n```"
    rows = [(each.name, each.words) for each in (*ALL_CHECKS, PUBLIC)]
    return "\n\n".join(("# Doctor", words, shell, table(("check", "what is looked at"), rows)))


def logs() -> str:
    """Write how the program logs, and the table of the lines that it logs."""
    words = (
        "`backroom serve` and `backroom work` write their log to standard error. On a terminal, a"
        " line has the time, the level, the logger and the text. Elsewhere each line is an object"
        " of JSON. `--log-format` chooses one or the other. Standard output has only what the"
        " command was started for, such as the URL of the server and the first key. `--log-level`"
        " or `BACKROOM_LOG_LEVEL` says how much to log."
    )
    shell = "```sh\nbackroom serve --ephemeral --port 0 --log-level warning 2> backroom.log &\n```"
    quiet = (
        "A server on SQLite logs nothing else while all is well, if it does not log its requests."
    )
    requests = (
        "`backroom serve` logs each request on a terminal, and elsewhere with `--access-log on`."
        " `--access-log off` logs none. The server writes the lines in a thread of its own, up to"
        " 20 ms late. If the output is too slow, the server leaves out lines, and logs how many."
        " As text, a line has the time, the status, the method, the operation, the revision,"
        " the milliseconds, and the reason of a refusal. Each job has a line too, when it is"
        " complete: its kind, how many of its operations were applied, its id, how long it was"
        " applied and how long it waited. `backroom work` logs jobs in the same way:"
    )
    sample = (
        "```text\n"
        "10:30:45 200 GET     get_catalog_items                          2026-10-15      0.31 ms\n"
        "10:30:46 400 POST    create_catalog_item                        2026-10-15      0.23 ms"
        "  invalid: The payload provided in the request is invalid.\n"
        "10:30:46 job catalog-item-bulk-create-job              2/3 01KBXN0P7Y1ZJ5GXKXS9YJQ2WF"
        "      3.81 ms, after 12 ms\n"
        "```"
    )
    outages = (
        "While a database is away or its disk is full, each request fails alike. So a line"
        " `store_unavailable`, `statement_failed` or `transaction_rolled_back` comes once a minute"
        " for each reason, and says how many like it were left out. The access log has each"
        " request. A worker without its database says so once a minute by `database_away`."
    )
    fields = (
        "A line of JSON has only the members that have a value. The log has no keys and no bodies."
    )
    members = [
        *((f"`{name}`", "each line", words) for name, words in logs_of.LOG_FIELDS.items()),
        *(
            (f"`{name}`", "`request`", words)
            for name, words in access_log.ACCESS_LOG_FIELDS.items()
        ),
        *((f"`{name}`", "`job`", words) for name, words in job_log.JOB_LOG_FIELDS.items()),
    ]
    described = table(("member", "of", "what it says"), members)
    lines = (
        "A line of JSON has the event and its members, a line of text has the sentence, in which"
        " each member stands in place of a `%s`, `%d`, `%g` or `%r`. The last column says which"
        " lines a traceback follows. The event `request_failed` names the `id` of the error that"
        " the client got. Lines of libraries have the event `library`."
        " [Troubleshooting](troubleshooting.md) says what to do."
    )
    heads = ("event", "level", "members", "line", "traceback")
    shown = table(heads, sorted(log_lines()))
    parts = (
        *("# Logs", words, shell, quiet),
        *("## Requests and jobs", requests, sample),
        *("## Members", fields, described),
        *("## While the database is away", outages),
        *("## Every event", lines, shown),
    )
    return "\n\n".join(parts)


METRICS = """\
`backroom serve` shows these metrics at `/metrics`, in the text format of Prometheus. `backroom
work` shows them at the port of `--metrics-port`. [Monitor](../how-to/monitor.md) says how to scrape
and alert. Metrics that begin with `process_` are facts of the operating system about the process:
memory, processor time and open files.

Each process counts for itself: add up the counts of all processes. Metrics from the database are
the same in all processes that share it: take the maximum. A process asks the database at most every
five seconds.

Routes are templates, such as `/api/catalog-items/{id}`. No label has a value that a client chooses
freely, and none names an account or a key. So the number of series has a bound. Requests of the
control API are not counted."""


def metrics() -> str:
    """Write the metrics."""
    rows = [
        (
            f"`{PREFIX_OF_METRICS}{name}`",
            each.kind,
            ", ".join(f"`{label}`" for label in each.labels),
            each.by,
            each.words,
        )
        for name, each in FAMILIES.items()
    ]
    shown = table(("metric", "kind", "labels", "of", "meaning"), rows)
    return f"# Metrics\n\n{METRICS}\n\n{shown}"


def log_lines() -> Iterator[tuple[str, str, str, str, str]]:
    """Give each event that the program logs: its name, level, members and text."""
    levels = {"exception": "ERROR", "log": "DEBUG, INFO or WARNING"}
    found: dict[str, tuple[set[str], bool]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level)):
                    (name,) = [
                        each.attr.lower()
                        for each in node.args
                        if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "events"
                    ]
                    traced = level == "exception" or any(e.arg == "exc_info" for e in node.keywords)
                    shown, before = found.get(name, (set(), False))
                    found[name] = (shown | {levels.get(level, level.upper())}, before or traced)
    # Lines of the pool of connections are put into these words.
    found[events.DATABASE_AWAY.name] = ({"WARNING"}, False)
    for name, (shown, traced) in found.items():
        event = events.EVENTS[name]
        members = ", ".join(f"`{each}`" for each in event.members)
        levels_of = ", ".join(sorted(shown))
        yield f"`{name}`", levels_of, members, str(event), "yes" if traced else ""


def rates(given: RateClass) -> str:
    """Write the rates of an operation, the newest first."""
    steps = [
        f"{rate.burst}, {rate.steady}" + (f" from {since}" if since else "")
        for since, rate in given.steps
    ]
    return "; before ".join(steps)


EXPORTS = """\
Where `backroom export` writes each attribute, and which values an import of that file restores.
JSON Lines, CSV and JSON with the API's names hold everything. A workbook can't hold control
characters, carriage returns, and the characters of a cell beyond 32,767. XML can't hold control
characters, nor metadata whose name has more than ASCII letters, digits, `_`, `.` and `-`, such as
`style[0]`. A table has at most 2,000 columns. The report of an export counts every lost value.\
"""
FEEDS = """\
How the import reads each column or element of a file. `backroom import --show-mapping FILE` writes
the fields of a file as TOML, and `--mapping` reads them. Rules that go beyond one column are on
the page on [importing](../how-to/import-a-feed.md).

Headings are compared without case, and without blanks round them. `{n}` is a number, `{any}` is any
text. A column that is not in the table is kept in `custom_metadata` under its own heading."""


def feeds() -> str:
    """Write the fields of each format of a shop."""
    parts = ["# Feeds of shops", FEEDS]
    for form in SHOPS.values():
        rows = [
            (f"`{each.name}`", ", ".join(f"`{heading}`" for heading in each.headings), each.becomes)
            for each in form.fields
            if each.form not in {"metadata", "variant metadata"}
        ]
        parts += [
            f"## {form.title}: `{form.name}`",
            table(("field", "headings", "becomes"), rows),
            *kept_headings(form),
        ]
    parts += ["## What an export can hold", EXPORTS]
    for form in (each for each in SHOPS.values() if each.name in HOLDINGS):
        held = [
            (each.kind.name, f"`{each.attribute}`", each.columns, each.words or "all of it")
            for each in HOLDINGS[form.name]
        ]
        heads = ("kind", "attribute", "columns", "what is held")
        parts += [f"### {form.title}: `{form.name}`", table(heads, held)]
    return "\n\n".join(parts)


def kept_headings(form: ShopFormat) -> Iterator[str]:
    """Write which known headings are metadata, by whose they are."""
    for kind, whose in (("metadata", "item"), ("variant metadata", "variant")):
        names = [f"`{each.headings[0]}`" for each in form.fields if each.form == kind]
        if names:
            yield f"Kept as written in the `custom_metadata` of the {whose}: {', '.join(names)}."


PAGES = {
    "feeds.md": feeds,
    "settings.md": settings,
    "cli.md": cli,
    "errors.md": faults,
    "revisions.md": revisions,
    "operations.md": operations,
    "server-paths.md": server_paths,
    "doctor.md": doctor,
    "logs.md": logs,
    "metrics.md": metrics,
    "control.md": control_api,
    "pytest.md": pytest_plugin,
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
