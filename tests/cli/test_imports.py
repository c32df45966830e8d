from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from backroom.cli.import_report import SHOWN_FAULTS
from backroom.cli.imports import import_command
from feeds.scripted_server import Answer, scripted
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.conftest import Steer
    from conftest import MakeClient
    from support.client import Client

CAP = '{"type":"item","external_id":"C1","title":"Cap","description":"","url":"u"}\n'
RECOGNISED = "JSON Lines, UTF-8\n"
HATS = '{"type":"category","external_id":"hats","name":"Hats"}\n'
SHOPIFY = "Handle,Title,Variant Price\ncap,Cap,19.95\nhat,Hat,5\n"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "import-a-feed.md"
EXPECTED = resources.files("backroom.feeds") / "demo" / "shop.expected.json"
BACKROOM = str(Path(sys.executable).with_name("backroom"))


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.jsonl"
    path.write_text(CAP)
    return path


def run(client: Client, *arguments: str | Path) -> Result:
    environment = {"BACKROOM_URL": client.url, "BACKROOM_KEY": client.key}
    return CliRunner(env=environment).invoke(import_command, [str(each) for each in arguments])


def reported(client: Client, *arguments: str | Path) -> Any:
    return json.loads(run(client, *arguments, "--format", "json").stdout)


def test_good_feed_exits_with_0(client: Client, feed: Path) -> None:
    result = run(client, feed)
    assert (result.exit_code, result.stderr) == (0, RECOGNISED)
    assert "catalog-item" in result.stdout
    assert "Rows that failed" not in result.stdout


def test_bad_row_exits_with_3(client: Client, feed: Path) -> None:
    feed.write_text(CAP + "nonsense\n")
    result = run(client, feed)
    assert result.exit_code == 3
    assert "is not JSON" in result.stdout


def test_several_files_are_imported(client: Client, feed: Path, tmp_path: Path) -> None:
    other = tmp_path / "hats.jsonl"
    other.write_text(HATS + "nonsense\n")
    reports = reported(client, feed, other)
    assert [each["file"] for each in reports] == ["feed.jsonl", "hats.jsonl"]
    assert [sum(kind["created"] for kind in each["counts"].values()) for each in reports] == [1, 1]
    assert run(client, other, feed).exit_code == 3


def test_bad_file_stops_no_other(client: Client, feed: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    result = run(client, empty, feed)
    assert result.exit_code == 1
    assert "1 row: 1 created." in result.stdout


def test_absent_server_ends_several(client: Client, feed: Path) -> None:
    result = run(client, feed, feed, "--url", "http://127.0.0.1:1", "--timeout", "1")
    assert result.exit_code == 4
    assert result.stderr.count("no answer from") == 1


@pytest.mark.parametrize(
    "arguments", [("--mode", "mirror"), ("--state", "s"), ("--rejects", "r"), ("--report", "r.csv")]
)
def test_several_files_have_no_one_place(
    client: Client, feed: Path, arguments: tuple[str, str]
) -> None:
    result = run(client, feed, feed, *arguments)
    assert (result.exit_code, "takes one FILE" in result.stderr) == (2, True)


@pytest.mark.slow
def test_demo_gives_what_is_expected(client: Client) -> None:
    expected = json.loads(EXPECTED.read_text("utf-8"))
    report = reported(client, "--demo")
    counts = {
        kind: {name: numbers[name] for name in ("rows", "created", "failed")}
        for kind, numbers in report["counts"].items()
    }
    assert counts == expected["counts"]
    named = ("line", "type", "external_id")
    found, wanted = (
        [{name: fault[name] for name in named} for fault in each["faults"]]
        for each in (report, expected)
    )
    assert found == wanted


def test_json_tells_all(client: Client, feed: Path) -> None:
    feed.write_text(CAP.replace('"url"', '"colour":"red","url"') + CAP)
    report = reported(client, feed)
    assert report.pop("seconds") > 0
    numbers = {"rows": 2, "created": 1, "unchanged": 0, "failed": 1, "jobs": 1}
    assert report == {
        "file": "feed.jsonl",
        "records": None,
        "feed": RECOGNISED.strip(),
        "url": client.url,
        "mode": "create",
        "dry_run": False,
        "error": None,
        "counts": {"catalog-item": numbers},
        "faults": [
            {
                "file": "feed.jsonl",
                "line": 2,
                "type": "catalog-item",
                "external_id": "C1",
                "column": "external_id",
                "value": "C1",
                "detail": "The external id `C1` is that of line 1 already.",
                "advice": "Give each row an id of its own, or import with --mode upsert.",
                "went_in": False,
            }
        ],
        "warnings": [],
        "unknown_columns": [
            {"column": "colour", "type": "catalog-item", "rows": 1, "first_line": 1}
        ],
    }


def test_modes_have_their_own_counts(client: Client, feed: Path) -> None:
    counts = [
        reported(client, feed, "--mode", mode)["counts"]["catalog-item"]
        for mode in ("upsert", "upsert", "update", "delete")
    ]
    assert counts == [
        {"rows": 1, "created": 1, "updated": 0, "unchanged": 0, "failed": 0, "jobs": 1},
        {"rows": 1, "created": 0, "updated": 0, "unchanged": 1, "failed": 0, "jobs": 0},
        {"rows": 1, "updated": 0, "unchanged": 1, "failed": 0, "jobs": 0},
        {"rows": 1, "deleted": 1, "failed": 0, "jobs": 1},
    ]


def test_csv_loads_as_well(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(
        "Type,External_ID,Name,Title,Description,URL,Price,Categories,custom_metadata.colour\r\n"
        "category,hats,Hats,,,,,,\r\n"
        'item,C1,,Cap,"a ""fine""\r\ncap",u,9.50,hats|,red\r\n',
        encoding="utf-8-sig",
        newline="",
    )
    report = reported(client, path)
    assert report["faults"] == report["unknown_columns"] == []
    assert report["counts"]["catalog-item"]["created"] == 1


@pytest.mark.parametrize("name", ["shop.csv", "shop.jsonl"])
def test_documented_examples_load(client: Client, tmp_path: Path, name: str) -> None:
    shown = re.escape(f"cat > {name} <<'END'\n")
    (example,) = re.findall(f"{shown}(.*?)END\n", PAGE.read_text("utf-8"), re.DOTALL)
    path = tmp_path / name
    path.write_text(example, encoding="utf-8")
    report = reported(client, path)
    assert report["faults"] == report["unknown_columns"] == []
    assert set(report["counts"]) == {"catalog-category", "catalog-item", "catalog-variant"}


def test_options_are_documented() -> None:
    page = PAGE.read_text("utf-8")
    for option in import_command.params:
        assert option.name == "file" or re.search(rf"{option.opts[-1]}\b", page)


def test_format_may_be_named(client: Client, feed: Path) -> None:
    renamed = feed.rename(feed.with_suffix(".txt"))
    assert run(client, renamed, "--input-format", "csv").exit_code == 1
    assert run(client, renamed, "--input-format", "jsonl").exit_code == 0


def test_unknown_columns_are_noted(client: Client, feed: Path) -> None:
    feed.write_text(CAP.replace('"url"', '"colour":"red","url"'))
    assert "Note: column colour: unknown in 1 catalog-item row" in run(client, feed).stdout


def test_long_tables_are_cut(client: Client, feed: Path) -> None:
    feed.write_text("nonsense\n" * (SHOWN_FAULTS + 2))
    assert (
        "... and 2 more; --format json and --report have all of them." in run(client, feed).stdout
    )
    assert len(reported(client, feed)["faults"]) == SHOWN_FAULTS + 2


def test_empty_feed_says_so(client: Client, feed: Path) -> None:
    feed.write_text("")
    result = run(client, feed)
    assert result.exit_code == 1
    assert "feed.jsonl is empty" in result.stderr


def test_batch_is_the_size_of_jobs(client: Client, feed: Path) -> None:
    feed.write_text(CAP + HATS + HATS.replace("hats", "caps"))
    assert reported(client, feed, "--batch", "1")["counts"]["catalog-category"]["jobs"] == 2


def test_wrong_key_exits_with_1(client: Client, feed: Path) -> None:
    result = run(client, feed, "--key", "pk_wrong")
    assert result.exit_code == 1
    assert result.stderr == (
        f"{RECOGNISED}Error: the server refused (401): Incorrect authentication credentials. Check"
        " the key: it may be wrong, revoked, or one of another server\n"
    )


def test_revision_is_spoken(client: Client, feed: Path) -> None:
    assert run(client, feed, "--revision", "2023-07-15").exit_code == 0
    assert "(404)" in run(client, feed, "--revision", "2999-01-01").stderr


def test_too_old_revision_exits_with_1(client: Client, feed: Path) -> None:
    result = run(client, feed, "--revision", "2023-06-15")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: imports speak revisions from 2023-07-15 on")


def test_unreadable_feed_exits_with_1(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("sku;title\n")
    result = run(client, path)
    assert result.exit_code == 1
    assert "of no known format: 'sku', 'title'" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--demo", "{feed}"),
        ("{feed}", "--url", "localhost:7227"),
        ("{feed}", "--batch", "101"),
        ("{feed}.jsonl",),
    ],
)
def test_wrong_usage_exits_with_2(client: Client, feed: Path, arguments: tuple[str, ...]) -> None:
    assert run(client, *(each.format(feed=feed) for each in arguments)).exit_code == 2


def test_mapping_is_shown_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOPIFY)
    arguments = [str(tmp_path / "shop.csv"), "--show-mapping"]
    result = CliRunner(env={"BACKROOM_KEY": None}).invoke(import_command, arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert '"Title" = "title"' in result.stdout


def test_shop_without_addresses_gets_one_warning(client: Client, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOPIFY)
    report = reported(client, tmp_path / "shop.csv")
    assert report["feed"] == "Shopify CSV, 3 columns, UTF-8, commas"
    assert report["counts"]["catalog-item"]["created"] == 2
    (warning,) = (each for each in report["warnings"] if "shop.invalid" in each["detail"])
    assert warning["went_in"]


@pytest.mark.slow
def test_standard_input_goes_on_with_a_state(client: Client, tmp_path: Path) -> None:
    state = tmp_path / "state"
    environment = {"BACKROOM_URL": client.url, "BACKROOM_KEY": client.key}

    def piped(*arguments: str) -> Result:
        runner = CliRunner(env=environment)
        return runner.invoke(import_command, ["-", "--state", str(state), *arguments], input=CAP)

    assert piped("--url", "http://127.0.0.1:1", "--timeout", "0.1").exit_code == 4
    assert piped().exit_code == 0
    assert not state.exists()


def test_key_is_needed(feed: Path) -> None:
    result = CliRunner(env={"BACKROOM_KEY": None}).invoke(import_command, [str(feed)])
    assert result.exit_code == 2
    assert "--key" in result.stderr


@pytest.mark.slow
def test_no_server_exits_with_4(client: Client, feed: Path) -> None:
    result = run(client, feed, "--url", "http://127.0.0.1:1")
    assert result.exit_code == 4
    assert "Error: no answer from http://127.0.0.1:1: nothing is listening" in result.stderr
    assert result.stdout == ""


def test_slow_job_exits_with_4(paused_client: Client, feed: Path) -> None:
    result = run(paused_client, feed, "--timeout", "0.1")
    assert result.exit_code == 4
    assert "was not complete after 0.1 s" in result.stderr


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let the programs of a test be interrupted, though this one may ignore it, as under nohup."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_interrupt_exits_with_130(feed: Path) -> None:
    accepted = Answer(202, {"data": {"id": "J1", "attributes": {"status": "processing"}}})
    processing = Answer(200, {"data": {"attributes": {"status": "processing"}}})
    nothing = Answer(200, {"data": []})
    with scripted(nothing, accepted, processing) as script:
        command = [BACKROOM, "import", str(feed), "--url", script.url, "--key", "pk_test"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            until(lambda: len(script.requests) > 2, "a job to be waited for")
            process.send_signal(signal.SIGINT)
            output, error = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"Error: interrupted; jobs already sent go on; run the same command" in error
    assert feed.with_name("feed.jsonl.import-progress").exists()
    assert output == b""


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_interrupt_while_reading_is_told(tmp_path: Path) -> None:
    pipe = tmp_path / "feed.jsonl"
    os.mkfifo(pipe)
    command = [BACKROOM, "import", str(pipe), "--key", "pk_test", "--format", "json"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
        # It opens when the command reads.
        pipe.open("w"),
    ):
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=10)
    assert (process.returncode, error) == (130, b"Error: interrupted\n")
    assert json.loads(output)["error"] == "interrupted"


@pytest.mark.parametrize(
    "key", ["pk_hunter2\n", "pk_hunter2\r\nX: y", "pk hunter2", "pk_hunter2é", ""]
)
def test_wrong_keys_are_not_shown(client: Client, feed: Path, key: str) -> None:
    result = run(client, feed, "--key", key)
    assert result.exit_code == 2
    assert "a key has ASCII characters alone" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize("url", ["banana", "http://", "http://a\nb", "http://host:port"])
def test_wrong_urls_are_wrong_usage(client: Client, feed: Path, url: str) -> None:
    result = run(client, feed, "--url", url)
    assert result.exit_code == 2
    assert "is not a URL. Write it as http://127.0.0.1:7227" in result.stderr


def test_revision_has_no_line_breaks(client: Client, feed: Path) -> None:
    assert run(client, feed, "--revision", "2024-10-15\r\nX: y").exit_code == 2


def test_port_of_the_server_counts(client: Client, feed: Path) -> None:
    environment = {"BACKROOM_PORT": client.url.rpartition(":")[2], "BACKROOM_KEY": client.key}
    assert CliRunner(env=environment).invoke(import_command, [str(feed)]).exit_code == 0


ESCAPES = "\x1b]0;owned\x07\x9b2J\u202e"


def test_feeds_send_no_escapes_to_the_terminal(client: Client, feed: Path) -> None:
    row = {"type": "item", "external_id": ESCAPES, ESCAPES: 1, "title": "", "description": ""}
    feed.write_text(json.dumps(row) + "\n" + json.dumps({"type": ESCAPES}) + "\n")
    for arguments in ([], ["--format", "json"]):
        output = run(client, feed, *arguments).output
        assert r"\x1b]0;owned" in output or r"\u001b]0;owned" in output
        assert not set(ESCAPES) - set("]0;owned2J") & set(output)


def test_servers_send_no_escapes_to_the_terminal(feed: Path) -> None:
    refusing = Answer(400, {"errors": [{"detail": ESCAPES, "source": {"pointer": ESCAPES}}]})
    with scripted(refusing) as script:
        environment = {"BACKROOM_URL": script.url, "BACKROOM_KEY": "pk_test"}
        result = CliRunner(env=environment).invoke(import_command, [str(feed)])
    assert result.exit_code == 1
    assert r"the server refused (400): \x1b]0;owned\x07\x9b2J\u202e" in result.stderr
    assert "\x1b" not in result.output


def test_bytes_in_names_are_no_traceback(client: Client, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    path.write_text(CAP)
    for arguments in ([], ["--format", "json"]):
        result = run(client, path, "--mode", "upsert", *arguments)
        assert (result.exit_code, result.exception) == (0, None)


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b'{"type":"item","external_id":"' + b"\xe9" * 9 + b'"}', b"\x00"]
)
def test_odd_lines_are_faults(client: Client, feed: Path, line: bytes) -> None:
    feed.write_bytes(line + b"\n" + CAP.encode())
    report = reported(client, feed)
    assert [fault["line"] for fault in report["faults"]] == [1]
    assert report["counts"]["catalog-item"]["created"] == 1


def test_deep_values_are_the_servers_to_judge(client: Client, feed: Path) -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    feed.write_text(CAP.replace('"url"', f'"custom_metadata":{deep},"url"'))
    result = run(client, feed)
    assert result.exit_code in {0, 3}


CSV = "type,external_id,title,description,url,price\n"


def test_dry_run_sends_nothing(client: Client, feed: Path) -> None:
    report = reported(client, feed, "--dry-run")
    assert report["counts"]["catalog-item"]["created"] == 1
    assert report["changes"][0]["external_id"] == "C1"
    assert client.get("/api/catalog-items").json["data"] == []
    assert sorted(each.name for each in feed.parent.iterdir()) == ["feed.jsonl"]


def test_dry_run_foretells_refusals(client: Client, feed: Path) -> None:
    feed.write_text(CAP.replace('"url"', '"price":"cheap","url"') + HATS)
    (fault,) = reported(client, feed, "--dry-run")["faults"]
    assert (fault["column"], fault["value"]) == ("price", "cheap")
    assert fault["detail"] == "price: A valid number is required."
    assert run(client, feed, "--dry-run").exit_code == 3


def test_variant_of_another_item_is_named(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    sold = {"title": "Cap M", "description": "", "url": "u", "sku": "1", "price": 5}
    row = {"type": "variant", "external_id": "V1", "inventory_quantity": 1, "item": "C1", **sold}
    other = CAP.replace("C1", "C2")
    path.write_text(CAP + other + json.dumps(row))
    assert reported(client, path)["counts"]["catalog-variant"]["created"] == 1
    assert reported(client, path)["faults"] == []
    path.write_text(json.dumps(row | {"item": "C2", "price": 6}))
    (fault,) = reported(client, path)["faults"]
    report = reported(client, path, "--mode", "upsert")
    (warning,) = report["warnings"]
    assert (warning["column"], warning["value"], warning["went_in"]) == ("item", "C2", True)
    assert "can't move a variant" in fault["detail"]
    assert report["counts"]["catalog-variant"]["updated"] == 1


def test_rejects_can_be_corrected(client: Client, tmp_path: Path) -> None:
    path, rejects = tmp_path / "feed.csv", tmp_path / "rejects.csv"
    path.write_text(CSV + "item,C1,Cap,x,u,5\nitem,C2,Cap,x,u,cheap\nitem,C3\n")
    assert run(client, path, "--rejects", rejects).exit_code == 3
    assert rejects.read_text() == CSV + "item,C2,Cap,x,u,cheap\nitem,C3\n"
    rejects.write_text(rejects.read_text().replace("cheap", "7").replace("C3", "C3,Cap,x,u,9"))
    assert reported(client, rejects)["counts"]["catalog-item"]["created"] == 2


def test_reports_are_written(client: Client, feed: Path, tmp_path: Path) -> None:
    feed.write_text(CAP + "nonsense\n")
    paths = [tmp_path / f"report.{end}" for end in ("json", "csv", "html")]
    run(client, feed, *(each for path in paths for each in ("--report", path)))
    texts = [path.read_text("utf-8-sig") for path in paths]
    assert all("is not JSON" in text for text in texts)
    assert json.loads(texts[0])["counts"]["unreadable"]["failed"] == 1


@pytest.mark.parametrize("option", [("--report", "r.txt"), ("--max-delete", "all")])
def test_wrong_values_are_wrong_usage(client: Client, feed: Path, option: tuple[str, str]) -> None:
    assert run(client, feed, *option).exit_code == 2


def test_unwritable_report_is_said(client: Client, feed: Path, tmp_path: Path) -> None:
    result = run(client, feed, "--report", tmp_path / "nowhere" / "r.html")
    assert result.exit_code == 1
    assert "r.html can't be written: No such file or directory" in result.stderr


def test_mirror_deletes_the_rest(client: Client, feed: Path) -> None:
    feed.write_text(CAP + CAP.replace("C1", "C2") + HATS)
    run(client, feed)
    feed.write_text(CAP)
    result = run(client, feed, "--mode", "mirror")
    assert result.exit_code == 1
    assert "2 of 3 resources on the server are not in the feed" in result.stderr
    counts = reported(client, feed, "--mode", "mirror", "--max-delete", "2")["counts"]
    assert {name: numbers["deleted"] for name, numbers in counts.items()} == {
        "catalog-category": 1,
        "catalog-item": 1,
    }
    assert len(client.get("/api/catalog-items").json["data"]) == 1


@pytest.mark.slow
def test_pipe_loses_nothing(client: Client) -> None:
    environment = os.environ | {"BACKROOM_URL": client.url, "BACKROOM_KEY": client.key}
    command = [BACKROOM, "import", "/dev/stdin", "--input-format", "jsonl", "--format", "json"]
    done = subprocess.run(
        command, input=CAP.encode(), env=environment, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["counts"]["catalog-item"]["created"] == 1


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.txt", "feed.csv"])
def test_unreadable_feed_is_json_too(client: Client, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    result = run(client, tmp_path / name, "--format", "json")
    assert json.loads(result.stdout)["error"] in result.stderr
    assert result.exit_code in {1, 2}


def test_missing_feed_is_json_too(client: Client, tmp_path: Path) -> None:
    result = run(client, tmp_path / "nothing.csv", "--format", "json")
    assert result.exit_code == 2
    assert "does not exist" in json.loads(result.stdout)["error"]


def test_other_key_goes_on(feed: Path) -> None:
    nothing = Answer(200, {"data": []})
    accepted = Answer(202, {"data": {"id": "J1", "attributes": {"status": "processing"}}})
    revoked = Answer(401, {"errors": [{"detail": "Incorrect authentication credentials."}]})
    complete = Answer(200, {"data": {"attributes": {"status": "complete", "completed_count": 1}}})
    with scripted(nothing, accepted, revoked, complete) as script:
        arguments = [str(feed), "--url", script.url, "--format", "json", "--key"]
        first = CliRunner().invoke(import_command, [*arguments, "pk_old"])
        second = CliRunner().invoke(import_command, [*arguments, "pk_new"])
    assert (first.exit_code, second.exit_code) == (1, 0)
    assert "run the same command again to go on" in first.stderr
    assert json.loads(second.stdout)["counts"]["catalog-item"]["created"] == 1
    sent = [path for method, path, _ in script.requests if method == "POST"]
    assert len([each for each in sent if each.startswith("/api/")]) == 1


@pytest.mark.slow
def test_old_revision_has_smaller_jobs(client: Client, feed: Path) -> None:
    large = CAP.replace('""', json.dumps("x" * 500_000))
    feed.write_text("".join(large.replace("C1", f"C{number}") for number in range(10)))
    counts = reported(client, feed, "--revision", "2023-07-15")["counts"]["catalog-item"]
    assert (counts["created"], counts["jobs"]) == (10, 2)


@pytest.mark.parametrize("revision", ["2023-07-15", "2023-10-15", "2024-02-15", "2024-10-15"])
def test_unchanged_feed_sends_nothing_in_any_revision(
    client: Client, feed: Path, revision: str
) -> None:
    wholly = CAP.replace('"url"', '"categories":["hats"],"price":5,"url"')
    feed.write_text(HATS + wholly + wholly.replace("C1", "C2"))
    assert run(client, feed, "--revision", revision).exit_code == 0
    counts = reported(client, feed, "--revision", revision, "--mode", "upsert")["counts"]
    assert {name: numbers["unchanged"] for name, numbers in counts.items()} == {
        "catalog-category": 1,
        "catalog-item": 2,
    }


def test_state_may_be_elsewhere(paused_client: Client, feed: Path, tmp_path: Path) -> None:
    state = tmp_path / "kept"
    result = run(paused_client, feed, "--timeout", "0.1", "--state", state)
    assert f"run the same command again to go on (progress is in {state})" in result.stderr
    assert state.exists()
    result = run(paused_client, feed, "--timeout", "0.1", "--state", state)
    assert "it goes on where it was" in result.stderr
    assert len(paused_client.get("/api/catalog-item-bulk-create-jobs").json["data"]) == 1


def posted(steer: Steer, client: Client) -> int:
    account = client.get("/api/catalog-items").headers["CID"]
    (number,) = steer("requests", "count", "--account", account, "--method", "POST")
    return int(number)


def test_refused_rows_are_not_sent_again(sender: Client, steer: Steer, feed: Path) -> None:
    feed.write_text(CAP + CAP.replace("C1", "C2").replace('"url"', '"price":"cheap","url"'))
    assert run(sender, feed).exit_code == 3
    number = posted(steer, sender)
    again = run(sender, feed, "--mode", "create")
    assert (again.exit_code, posted(steer, sender)) == (3, number)
    dry = reported(sender, feed, "--dry-run")
    later = reported(sender, feed)
    for report in (dry, later):
        assert report["counts"]["catalog-item"] == {
            "rows": 2,
            "created": 0,
            "unchanged": 1,
            "failed": 1,
            "jobs": 0,
        }
        (fault,) = report["faults"]
        assert (fault["line"], fault["column"], fault["value"]) == (2, "price", "cheap")
        assert "not sent again; --retry-refused sends it" in fault["detail"]
    assert posted(steer, sender) == number
    assert run(sender, feed, "--retry-refused").exit_code == 3
    assert posted(steer, sender) == number + 1


def test_other_key_of_the_account_sends_nothing(make_client: MakeClient, feed: Path) -> None:
    variant = CAP.replace('"item"', '"variant"').replace("C1", "C1-M")
    feed.write_text(
        variant.replace('"url"', '"item":"C1","sku":"1","price":5,"inventory_quantity":3,"url"')
    )
    jobs = [
        reported(make_client(account="keys"), feed)["counts"]["catalog-variant"]["jobs"]
        for _ in range(2)
    ]
    assert jobs == [1, 0]


def test_corrected_rows_are_sent(client: Client, feed: Path) -> None:
    progress = feed.with_name("feed.jsonl.import-progress")
    feed.write_text(CAP.replace('"url"', '"price":"cheap","url"'))
    run(client, feed)
    assert progress.exists()
    feed.write_text(CAP.replace('"url"', '"price":5,"url"'))
    result = run(client, feed)
    assert (result.exit_code, result.stderr) == (0, RECOGNISED)
    assert not progress.exists()


def test_rows_without_their_item_wait_for_it(client: Client, feed: Path) -> None:
    variant = CAP.replace('"item"', '"variant"').replace("C1", "C1-M")
    feed.write_text(
        variant.replace('"url"', '"item":"C1","sku":"1","price":5,"inventory_quantity":3,"url"')
    )
    jobs = [reported(client, feed)["counts"]["catalog-variant"]["jobs"] for _ in range(2)]
    assert jobs == [1, 0]
    other = feed.with_name("item.jsonl")
    other.write_text(CAP)
    run(client, other)
    assert reported(client, feed)["counts"]["catalog-variant"]["created"] == 1
