from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backroom.feeds import sources
from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.rows import FeedError
from backroom.feeds.sources import Source, shown_name

LINE = '{"type":"item","external_id":"C1"}\n'
READ = """
import sys
from backroom.feeds.formats import open_feed
feed = open_feed(sys.argv[1], "jsonl")
print(len(list(feed.rows())), len(list(feed.rows())), feed.name)
"""


def read(place: str, shell: str) -> str:
    command = shell.format(python=sys.executable, read=f"-c '{READ}'", place=place)
    found = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        input=LINE * 3,
        timeout=60,
    )
    return found.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "shell", "name"),
    [
        ("-", "cat | {python} {read} {place}", "standard input"),
        ("/dev/stdin", "cat | {python} {read} {place}", "standard input"),
        ("", "{python} {read} <(cat)", "a pipe"),
    ],
)
def test_pipes_are_read_twice(place: str, shell: str, name: str) -> None:
    assert read(place, shell).startswith(f"3 3 {name}")


def test_named_pipe_is_spooled(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LINE,))
    writer.start()
    feed = open_feed(pipe)
    writer.join()
    assert len(list(feed.rows())) == len(list(feed.rows())) == 1


def test_what_is_temporary_goes(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(LINE.encode()))
    source = Source(path, FeedOptions())
    unpacked = source.path
    assert unpacked.exists()
    source.close()
    assert not unpacked.parent.exists()
    source = Source(path, FeedOptions())
    unpacked = source.path
    del source
    assert not unpacked.parent.exists()


def test_endless_pipes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_FEED", 1_000_000)
    with pytest.raises(FeedError, match="zero is larger than 1 MB"):
        open_feed("/dev/zero")
    assert not list(tmp_path.iterdir())


def test_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="is a directory"):
        open_feed(tmp_path)


def test_unknown_compression_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(LINE)
    with pytest.raises(FeedError, match="'rar' is not one of gz, zip"):
        open_feed(tmp_path / "a", options=FeedOptions(compression="rar"))


def test_said_compression_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(LINE)
    with pytest.raises(FeedError, match="can't be unpacked as gz"):
        open_feed(tmp_path / "a", options=FeedOptions(compression="gz"))


def test_changed_files_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(LINE)
    source = Source(path, FeedOptions())
    source.check_unchanged()
    path.write_text(LINE * 2)
    with pytest.raises(FeedError, match="was changed while it was read"):
        source.check_unchanged()


def test_names_hold_no_secrets() -> None:
    assert shown_name("https://user:pw@a.example/feeds/shop.csv?key=1") == "shop.csv"
    assert shown_name("https://a.example/?key=1") == "a.example"
    assert shown_name(Path("x/shop.csv")) == "shop.csv"
