"""What `compose.yaml` describes, as far as it can be known without starting it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from backroom.cli import main
from backroom.settings import VARIABLE_PREFIX, Settings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose.yaml"
SERVICES: dict[str, Any] = YAML(typ="safe").load(FILE)["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)


def test_compose_follows_its_schema() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_parts_are_there() -> None:
    assert OURS == ["api", "migrate", "worker"]
    assert SERVICES.keys() - set(OURS) == {"postgres", "valkey"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service


@pytest.mark.parametrize("name", OURS)
def test_commands_and_settings_exist(name: str) -> None:
    assert SERVICES[name]["command"][0] in main.list_commands(click.Context(main))
    known = {VARIABLE_PREFIX + field.upper() for field in Settings.__dataclass_fields__}
    assert SERVICES[name]["environment"].keys() <= known


def test_servers_leave_jobs_to_the_workers() -> None:
    assert SERVICES["api"]["environment"]["BACKROOM_WORKER"] == "off"
    assert SERVICES["worker"]["command"] == ["work"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_dependencies_tell_when_ready(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] != "service_started"
        if how["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]


def test_ports_listen_on_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)
