"""docs/deploy.md word for word, on a machine that boots: this one's files below a layer that is thrown away, systemd as process 1."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "deploy.md").read_text()
MANAGER: Final = Path("/lib/systemd/systemd")
NEEDED: Final = ("unshare", "nsenter", "systemctl", "ip", "curl", "mount")
OUT_OF_REACH: Final = ("/root/", "/home/", "/run/user/", "/tmp/")
"""What the unit's sandbox hides: a Python from there does not start."""
OUR_NETWORK: Final = ("-m", "-p")
"""Namespaces to enter for a command that needs the network of this machine."""
OWN: Final = ("/var/lib/private/ingestd", "/var/log/private/ingestd")
"""All that the service may write to."""
CREDENTIAL: Final = "/run/credentials/ingestd.service/odds-api-key"
INSTALL: Final = "INGESTD_TEST_INSTALL"
"""Set, the packages are installed as the page says, which needs a package index; else those of the tests stand in."""
WITHIN: Final = 60.0
ENVIRON: Final = {**os.environ, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
"""What a login of root finds, and what says here where packages come from."""
BOOT: Final = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs {room}
mkdir {room}/upper {room}/work {room}/root {room}/written {room}/by
mount -t overlay overlay -o lowerdir=/,upperdir={room}/upper,workdir={room}/work {room}/root
cd {room}/root
mkdir -p old opt/packages opt/ingestd/bin src
mount --bind {packages} opt/packages
mount -t overlay overlay -o lowerdir={source},upperdir={room}/written,workdir={room}/by src
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
pivot_root . old
umount -l /old
mount --make-rshared /
ip link set lo up
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin {manager} --system systemd.unified_cgroup_hierarchy=1 --unit=basic.target
"""


def documented(heading: str) -> list[str]:
    """The first commands below a heading of the page."""
    found = re.search(rf"^## {heading}$.*?^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].splitlines()


def python() -> str:
    """A Python that the service may start, with the version that the packages of the tests are for."""
    own = str(Path(sys.base_prefix, "bin", "python3").resolve())
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    others = [found for name in (f"/usr/bin/python{wanted}", f"/usr/local/bin/python{wanted}") if (found := shutil.which(name))]
    usable = [path for path in (own, *others) if not path.startswith(OUT_OF_REACH)]
    if not usable:
        pytest.skip(f"no Python {wanted} outside of home directories")
    return usable[0]


class Machine:
    """One that boots from a layer over this one's files."""

    def __init__(self, room: Path) -> None:
        room.mkdir()
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        begin = BOOT.format(room=room, packages=packages, source=ROOT, manager=MANAGER)
        self._said = (room.parent / "boot.log").open("wb")
        self.process = subprocess.Popen(  # noqa: S603 - our own words
            ["/usr/bin/unshare", "-m", "-p", "-u", "-i", "-C", "-n", "-f", "--kill-child", "/bin/sh", "-c", begin],
            env=ENVIRON, stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
        )  # fmt: skip

    def run(self, command: str, enter: Sequence[str] = ("-a",)) -> subprocess.CompletedProcess[str]:
        """A command of the shell, in the checkout, as root; ``enter``: which of its namespaces."""
        inside = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return subprocess.run(  # noqa: S603 - our own words
            ["/usr/bin/nsenter", "-t", *inside[:1], *enter, "-r", "-w", "/bin/sh", "-c", f"cd /src && {command}"],
            env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip

    def does(self, command: str, enter: Sequence[str] = ("-a",)) -> str:
        """What it says, when all goes well."""
        done = self.run(command, enter)
        assert done.returncode == 0, f"{command}: {done.stdout}{self.run('journalctl --no-pager -u ingestd -n 10').stdout}"
        return done.stdout

    def shows(self) -> dict[str, str]:
        """The properties of the service that matter here."""
        said = self.run("systemctl show ingestd -p ActiveState,SubState,MainPID,NRestarts,StatusText,Result,ExecMainStatus").stdout
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    async def until(self, so: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The properties once they are as wanted."""
        began = time.monotonic()
        while not so(shown := self.shows()):
            assert time.monotonic() - began < WITHIN, (shown, self.run("journalctl --no-pager -u ingestd -n 20").stdout)
            await asyncio.sleep(0.2)
        return shown

    async def booted(self) -> None:
        """Wait until its manager answers."""
        began = time.monotonic()
        while self.run("systemctl is-system-running").stdout.strip() not in {"running", "degraded"}:
            assert time.monotonic() - began < WITHIN, self._said.name
            await asyncio.sleep(0.2)

    def close(self) -> None:
        """Pull the plug."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._said.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """One that has begun to boot."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or not MANAGER.exists() or os.geteuid() != 0:
        pytest.skip(f"needs root, systemd, {', '.join(missing or NEEDED)}")
    machine = Machine(tmp_path / "machine")
    try:
        yield machine
    finally:
        machine.close()


async def installed(machine: Machine) -> None:
    """Everything that the page says, in its order."""
    await machine.booted()
    if INSTALL not in os.environ:
        script = f'#!/bin/sh\\nPYTHONPATH=/src:/opt/packages exec {python()} -B -m ingestd "$@"\\n'
        machine.does(f"printf '{script}' > /opt/ingestd/bin/ingestd && chmod 755 /opt/ingestd/bin/ingestd")
    for line in documented("systemd"):
        if not line.startswith(("python3 -m venv", "/opt/ingestd/bin/pip")):
            machine.does(line)
        elif INSTALL in os.environ:
            machine.does(line, OUR_NETWORK)


def override(machine: Machine, line: str) -> None:
    """What ``systemctl edit ingestd`` writes."""
    folder = "/etc/systemd/system/ingestd.service.d"
    machine.does(f"mkdir -p {folder} && printf '[Service]\\n{line}\\n' > {folder}/override.conf && systemctl daemon-reload")


@pytest.mark.timeout(180)
async def test_a_service(machine: Machine) -> None:
    """It runs within all that the unit forbids, tells how it is, hangs and is started anew, and stops with nothing left."""
    await installed(machine)
    override(machine, "WatchdogSec=5")
    machine.does("systemctl restart ingestd")
    shown = await machine.until(lambda shown: "1 of 1 sources live" in shown["StatusText"])
    assert '"status":"pass"' in machine.does("curl -s localhost:8001/health")
    assert "recording 1 sources" in machine.does("journalctl -u ingestd --no-pager")
    state = dict(line.split(":\t", 1) for line in machine.does(f"cat /proc/{shown['MainPID']}/status").splitlines() if ":\t" in line)
    assert (state["NoNewPrivs"], state["Seccomp"], int(state["CapEff"], 16), int(state["CapBnd"], 16)) == ("1", "2", 0, 0)
    assert "0" not in state["Uid"].split()
    places = "/ /usr /etc /etc/ingestd /opt/ingestd /src /root /home /run /sys/fs/cgroup /var/lib " + " ".join(OWN)
    user = state["Uid"].split()[0]
    tried = f"for place in {places}; do touch $place/tried 2>/dev/null && echo $place; done; true"
    wrote = machine.does(f"nsenter -t {shown['MainPID']} -m -S {user} -G {user} /bin/sh -c '{tried}'").split()
    assert wrote == list(OWN)
    machine.does("systemctl kill --signal=STOP --kill-who=main ingestd")
    await machine.until(lambda shown: shown["NRestarts"] == "1" and "1 of 1 sources live" in shown["StatusText"])
    machine.does("systemctl stop ingestd")
    shown = machine.shows()
    assert (shown["ActiveState"], shown["Result"], shown["ExecMainStatus"]) == ("inactive", "success", "0")


@pytest.mark.timeout(180)
async def test_secrets_and_mistakes(machine: Machine) -> None:
    """A secret comes from a file that only root can read; a configuration to be mended is not tried again."""
    await installed(machine)
    for line in (
        "install -d -m 0700 /etc/ingestd/secrets",
        "printf 0123456789abcdef0123456789abcdef > /etc/ingestd/secrets/odds-api-key && chmod 600 /etc/ingestd/secrets/odds-api-key",
        f"sed 's#secrets/the-odds-api-key#{CREDENTIAL}#' config/examples/the_odds_api.yaml > /etc/ingestd/ingestd.yaml",
    ):
        machine.does(line)
    override(machine, "LoadCredential=odds-api-key:/etc/ingestd/secrets/odds-api-key")
    machine.does("systemctl restart ingestd")
    await machine.until(lambda shown: "0 of 1 sources live" in shown["StatusText"])
    machine.does("echo nonsense: 1 >> /etc/ingestd/ingestd.yaml")
    machine.run("systemctl restart ingestd")
    shown = await machine.until(lambda shown: shown["ActiveState"] == "failed")
    assert (shown["ExecMainStatus"], shown["NRestarts"]) == ("78", "0")
    assert "nonsense" in machine.does("journalctl -u ingestd --no-pager")
