"""Words to calls, errors to exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingestd import __version__
from ingestd.cli import main
from ingestd.errors import ConfigError, IngestdError, InUse, StoreUnavailable

COMMANDS = ("run", "odds", "check", "load", "status", "coverage", "schema", "health", "db")


def said(*words: str) -> subprocess.CompletedProcess[str]:
    """What a command prints."""
    return subprocess.run([sys.executable, "-m", "ingestd", *words], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603


def test_help_names_every_command() -> None:
    """With what each does."""
    answer = said("--help")
    assert answer.returncode == 0
    assert all(f"\n  {name} " in answer.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    """A newcomer asks for it first."""
    answer = said(name, "--help")
    assert (answer.returncode, "Usage:" in answer.stdout) == (0, True)


def test_help_imports_nothing_heavy() -> None:
    """Which is why it comes at once."""
    code = "import sys, ingestd.cli.main; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30).stdout.split()  # noqa: S603
    assert (
        set(loaded) & {"sqlalchemy", "aiohttp", "websockets", "asyncpg", "alembic", "pydantic", "prometheus_client", "rich", "structlog"}
        == set()
    )


def test_version() -> None:
    """What a bug report begins with."""
    assert said("--version").stdout.strip() == __version__


def test_wrong_words_are_usage() -> None:
    """Exit code 2."""
    assert (said("fly").returncode, said("load").returncode) == (2, 2)


@pytest.mark.parametrize(
    ("error", "code"), [(ConfigError("a: bad", "b: worse"), 78), (InUse("taken"), 1), (StoreUnavailable("away"), 1), (IngestdError("x"), 1)]
)
def test_errors_are_lines_and_codes(
    error: IngestdError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line for each problem, and no traceback."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == code
    assert capsys.readouterr().err.splitlines() == [f"ingestd: {line}" for line in str(error).splitlines()]


def test_a_broken_configuration_is_told_whole(tmp_path: Path) -> None:
    """All problems at once, exit code 78."""
    path = tmp_path / "bad.yaml"
    path.write_text("store: {url: 'mysql://x'}\nhttp: {port: banana}\nsources: [{name: a, feed: nope}]\nsurces: []\n", encoding="utf-8")
    answer = said("check", "-c", str(path))
    assert answer.returncode == 78
    assert all(word in answer.stderr for word in ("store.url", "http.port", "surces"))
    assert "Traceback" not in answer.stderr
