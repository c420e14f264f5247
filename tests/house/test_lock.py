"""The locks pin everything, with hashes, from nowhere in particular, above the floors."""

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.house.conftest import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
FLOORS = {"aiohttp": "3.14.5", "websockets": "17.4"}
"""Below these are known holes."""
every_lock = pytest.mark.parametrize("lock", LOCKS)


def pins(lock: str) -> dict[str, str]:
    """Version by name."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", text, re.MULTILINE))


@every_lock
def test_names_no_host(lock: str) -> None:
    """Where packages come from is the business of the machine that installs them."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"://|--(?:index|extra|find|trusted)\S*|@ ", text) == []


@every_lock
def test_every_pin_has_hashes(lock: str) -> None:
    """Nothing but exact versions, each with SHA-256 hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [
        block for block in blocks if not re.match(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+$", block)
    ] == []


def test_covers_what_we_need() -> None:
    """Every dependency of pyproject.toml is pinned at its floor or above."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = pins("requirements.txt")
    for requirement in map(Requirement, project["dependencies"]):
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_both_locks_agree() -> None:
    """Tests run on what people run."""
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_floors(name: str, floor: str) -> None:
    """Locked and installed are not below what is known to be safe."""
    assert Version(pins("requirements.txt")[name]) >= Version(floor)
    assert Version(version(name)) >= Version(floor)
