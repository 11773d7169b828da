"""What a command does not load: start-up is most of a short translation's time."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "transformers",
    "fastapi",
    "starlette",
    "uvicorn",
    "httpx",
    "rich",
    "selenium",
    "typer",
    "pydantic",
    "prometheus_client",
}
SCRIPT = """
import sys
from service.cli.app import main
sys.argv = ["manchete", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["translate", "--from", "pt", "--to", "en"],
        ["translate", "--to", "en", "--lines"],
        ["detect"],
        ["summarize", "--json"],
        ["digest", "--to", "en", "--json"],
        ["digest", "--to", "en"],
        ["--version"],
    ],
)
def test_a_command_loads_no_framework(environment: dict[str, str], arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments, heavy=HEAVY)],
        input="A ponte nova foi aberta ontem pela prefeitura. A obra custou doze milhões de reais.",
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr.splitlines()[-1] == "[]"


def test_listing_feeds_loads_nothing_that_fetches_reads_or_translates(environment: dict[str, str]) -> None:
    heavy = HEAVY | {"feedparser", "nh3", "trafilatura", "onnxruntime", "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=["feeds", "list"], heavy=heavy)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
