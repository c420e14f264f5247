"""The unit that we ship: as tight as promised, without a mistake, obeyed by a real systemd (a user's manager in namespaces of its own)."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
UNIT: Final = ROOT / "config" / "systemd" / "ingestd.service"
MANAGER: Final = Path("/lib/systemd/systemd")
HIGHEST_EXPOSURE: Final = 1.5
WITHIN: Final = 60.0
NOTIFY_RELOAD: Final = 253
"""The first systemd that knows this kind of service."""
SANDBOX: Final = re.compile(
    r"^(Protect|Private|Restrict|System|Capability|Ambient|Dynamic|State|Logs|Configuration|Memory|Tasks|Limit|NoNew|Lock|Device|Remove|OOM|Proc)\w*=.*\n",
    re.MULTILINE,
)
"""What a user's manager may not do, or may not do here."""

analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


def output(*words: str | Path) -> str:
    """Of a program that must end well; both of its streams."""
    done = subprocess.run(  # noqa: S603 - our own words
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=WITHIN
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, starting the program that is under test."""
    program = tmp_path / "ingestd"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m ingestd "$@"\n')
    program.chmod(0o755)
    path = tmp_path / "ingestd.service"
    path.write_text(UNIT.read_text().replace("/opt/ingestd/bin/ingestd", str(program)))
    return path


@analyze
def test_it_verifies(unit: Path) -> None:
    """No unknown key, no missing program."""
    assert output("systemd-analyze", "verify", unit) == ""


@analyze
def test_its_exposure(unit: Path) -> None:
    """What a broken ingestd could reach, as systemd scores it: 0 nothing, 10 everything."""
    said = output("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    found = re.search(r"exposure level for ingestd.service: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= HIGHEST_EXPOSURE


def test_the_deadlines_fit() -> None:
    """It gets longer to stop than the daemon takes to drain."""
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)
    drain = re.search(r"deadline: (\d+)s", (ROOT / "config" / "ingestd.yaml").read_text())
    assert stop
    assert drain
    assert int(stop[1]) >= int(drain[1]) + 5


class Managed:
    """A user's systemd in its own namespaces, and the one service it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environ = {name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
        self._environ |= {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run"), "XDG_CONFIG_HOME": str(folder / "config")}
        # it looks for itself under /run, and does not run as process 1
        mounts = "mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system"
        begin = f"{mounts} && {MANAGER} --user --unit=basic.target; :"
        self.process = subprocess.Popen(  # noqa: S603 - our own words
            ["/usr/bin/unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "/bin/sh", "-c", begin],
            env=self._environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def control(self, *words: str) -> str:
        """What systemctl says, from inside: the manager hears nobody else."""
        inside = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not inside:
            return ""
        done = subprocess.run(  # noqa: S603 - our own words
            ["/usr/bin/nsenter", "-t", inside[0], "-m", "-p", "/bin/systemctl", "--user", *words],
            env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    @property
    def version(self) -> int:
        """Of systemd."""
        return int(self.control("--version").split()[1])

    def shows(self) -> dict[str, str]:
        """The properties of the service that matter here."""
        said = self.control("show", "ingestd", "-p", "ActiveState,SubState,MainPID,NRestarts,StatusText,Result,ExecMainStatus")
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    async def until(self, so: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The properties once they are as wanted."""
        began = time.monotonic()
        while not so(shown := self.shows()):
            assert time.monotonic() - began < WITHIN, shown
            await asyncio.sleep(0.2)
        return shown


@pytest.fixture
def managed(unit: Path, tmp_path: Path) -> Iterator[Managed]:
    """The manager with our unit in its folder, as far as a user's manager can do what it says."""
    if not MANAGER.exists() or shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("needs root, unshare and systemd")
    (tmp_path / "run").mkdir(mode=0o700)
    units = tmp_path / "config" / "systemd" / "user"
    units.mkdir(parents=True)
    config = tmp_path / "ingestd.yaml"
    config.write_text("http:\n  port: 0\njournal:\n  reserve: 0\n")
    text = SANDBOX.sub("", unit.read_text()).replace("/etc/ingestd/ingestd.yaml", str(config)).replace("%S/ingestd", str(tmp_path))
    (units / "ingestd.service").write_text(re.sub("WatchdogSec=.*", "WatchdogSec=3", text))
    manager = Managed(tmp_path)
    try:
        yield manager
    finally:
        manager.process.send_signal(signal.SIGKILL)
        manager.process.wait()


async def test_a_real_manager(managed: Managed) -> None:
    """Started only when it is ready, said to be how it is, started anew when it hangs, stopped well."""
    await managed.until(bool)
    managed.control("start", "ingestd")
    await managed.until(lambda shown: shown["ActiveState"] == "active" and "1 of 1 sources live" in shown["StatusText"])
    managed.control("kill", "--signal=STOP", "--kill-who=main", "ingestd")
    shown = await managed.until(lambda shown: shown["NRestarts"] == "1" and shown["ActiveState"] == "active")
    managed.control("stop", "ingestd")
    shown = await managed.until(lambda shown: shown["ActiveState"] == "inactive")
    assert (shown["Result"], shown["ExecMainStatus"]) == ("success", "0")


@pytest.mark.parametrize("kind", ["notify", "notify-reload"])
async def test_a_reload(managed: Managed, kind: str) -> None:
    """One that is taken and one that is refused are both over when the manager says so, and end nothing."""
    await managed.until(bool)
    path = managed.folder / "config" / "systemd" / "user" / "ingestd.service"
    if kind == "notify-reload":
        if managed.version < NOTIFY_RELOAD:
            pytest.skip("no notify-reload in this systemd")
        path.write_text(re.sub("ExecReload=.*\n", "", path.read_text().replace("Type=notify", "Type=notify-reload")))
    config = managed.folder / "ingestd.yaml"
    text = config.read_text()
    managed.control("start", "ingestd")
    shown = await managed.until(lambda shown: shown["ActiveState"] == "active" and "1 of 1 sources live" in shown["StatusText"])
    config.write_text(text + "sources: [{name: one, feed: simulated}, {name: two, feed: simulated}]\n")
    assert managed.control("reload", "ingestd") == ""
    await managed.until(lambda shown: "2 of 2 sources live" in shown["StatusText"])
    config.write_text("nonsense: 1\n")
    assert managed.control("reload", "ingestd") == ""
    again = await managed.until(lambda shown: "the last reload was refused" in shown["StatusText"])
    assert (again["ActiveState"], again["MainPID"], again["NRestarts"]) == ("active", shown["MainPID"], "0")
    managed.control("stop", "ingestd")
    await managed.until(lambda shown: shown["ActiveState"] == "inactive")


async def test_a_configuration_to_mend(managed: Managed) -> None:
    """Exit code 78 is not tried again."""
    await managed.until(bool)
    (managed.folder / "ingestd.yaml").write_text("nonsense: 1\n")
    managed.control("start", "ingestd")
    shown = await managed.until(lambda shown: shown["ActiveState"] == "failed")
    assert (shown["ExecMainStatus"], shown["NRestarts"]) == ("78", "0")
