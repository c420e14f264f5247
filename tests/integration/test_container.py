"""What runs ingestd elsewhere: the image's recipe, compose, Kubernetes; and the program itself under the restrictions that they set."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import kubernetes_validate
import pytest
import yaml

from ingestd.settings import load

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "compose.yaml"
KUBERNETES: Final = ROOT / "config" / "kubernetes" / "ingestd.yaml"
USER: Final = "65532"
WITHIN: Final = 40.0


def test_the_recipe_is_clean() -> None:
    """As hadolint has it; and nothing but what it names gets in."""
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name for line in copied for name in line.split()} == let_in


def test_the_base_is_pinned() -> None:
    """By digest, as an argument, for both stages."""
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON=python:[\w.-]+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON}", "${PYTHON}"]


def manifests() -> list[dict[str, object]]:
    """What the file holds."""
    return list(yaml.safe_load_all(KUBERNETES.read_text()))


@pytest.mark.parametrize("manifest", manifests(), ids=lambda manifest: str(manifest["kind"]))
def test_kubernetes_takes_it(manifest: dict[str, object]) -> None:
    """By the schemas of a current and an old release, unknown keys refused."""
    for version in ("1.37", "1.28"):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_there_are_never_two() -> None:
    """One replica of a StatefulSet, on a volume that one node holds."""
    (stateful,) = [manifest for manifest in manifests() if manifest["kind"] == "StatefulSet"]
    spec = stateful["spec"]
    assert isinstance(spec, dict)
    assert spec["replicas"] == 1
    assert [claim["spec"]["accessModes"] for claim in spec["volumeClaimTemplates"]] == [["ReadWriteOnce"]]


def test_kubernetes_configuration_loads(tmp_path: Path) -> None:
    """What the ConfigMap holds is a configuration, and it points into the volume."""
    (config,) = [manifest["data"] for manifest in manifests() if manifest["kind"] == "ConfigMap"]
    assert isinstance(config, dict)
    (tmp_path / "ingestd.yaml").write_text(config["ingestd.yaml"])
    assert load(tmp_path / "ingestd.yaml", {}).journal.path == Path("/data/journal")


def test_compose_is_tight() -> None:
    """Every service without capabilities, on a read-only root, reached from this machine alone, with files that are there."""
    compose = yaml.safe_load(COMPOSE.read_text())
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert ":" in service["image"] or "build" in service, name
        for volume in service["volumes"]:
            place = volume.split(":")[0]
            assert (ROOT / place).exists() if place.startswith("./") else place in compose["volumes"], volume


def started(folder: Path) -> tuple[int, str]:
    """Process id and address, once it says where it listens."""
    began = time.monotonic()
    while time.monotonic() - began < WITHIN:
        log = (folder / "log").read_text()
        found = re.search(r"listening on ([\d.]+:\d+)", log)
        if found and (folder / "info").read_text():
            return json.loads((folder / "info").read_text())["child-pid"], found[1]
        time.sleep(0.1)
    raise TimeoutError((folder / "log").read_text())


def sandboxed(folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """``ingestd run`` as the image runs it: nobody's user, no capability, nothing to write to but /data and /tmp."""
    data = folder / "data"
    data.mkdir()
    words = [
        *("--unshare-all", "--share-net", "--die-with-parent", "--as-pid-1"),
        *("--uid", USER, "--gid", USER, "--cap-drop", "ALL", "--clearenv"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--ro-bind", str(ROOT), str(ROOT)),
        *("--bind", str(data), "/mnt", "--chdir", "/mnt"),
        *(word for name, value in environ.items() for word in ("--setenv", name, value)),
        *(sys.executable, "-m", "ingestd", "run"),
    ]
    with (folder / "log").open("wb") as log, (folder / "info").open("wb") as info:
        handle = info.fileno()
        return subprocess.Popen(  # noqa: S603 - our own words
            ["/usr/bin/bwrap", "--info-fd", str(handle), *words], stdout=log, stderr=log, pass_fds=[handle]
        )


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap here")
def test_it_runs_under_the_restrictions(tmp_path: Path) -> None:
    """Healthy within seconds, recording, ended well by SIGTERM; and what it wrote is where the volume is."""
    environ = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "INGESTD_HTTP_PORT": "0", "INGESTD_JOURNAL_RESERVE": "0"}
    process = sandboxed(tmp_path, environ)
    try:
        pid, address = started(tmp_path)
        status = Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^CapEff:\s0+$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\s1$", status, re.MULTILINE)
        with urlopen(f"http://{address}/health/live") as answer:
            assert answer.status == 200
        os.kill(pid, signal.SIGTERM)
        assert process.wait(WITHIN) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert {path.name for path in (tmp_path / "data" / "var").iterdir()} >= {"ingestd.db", "journal"}
