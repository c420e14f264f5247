"""Files to settings, options to a feed's model."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from ingestd.errors import ConfigError
from ingestd.settings.load import HasOptions, feed_options, load, load_all, secrets_of, validate_feeds
from ingestd.settings.model import Settings, SourceSettings, StoreSettings
from tests.unit.settings.conftest import DemoKind, DemoOptions


def written(folder: Path, text: str, name: str = "x.yaml") -> Path:
    """A configuration file."""
    path = folder / name
    path.write_text(text)
    return path


def problems_of(path: Path | None, environ: Mapping[str, str] = {}) -> tuple[str, ...]:
    """What loading says is wrong."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return caught.value.problems


def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file the defaults hold; with one at the usual place, that one."""
    monkeypatch.chdir(tmp_path)
    assert load(None, {}) == Settings()
    (tmp_path / "config").mkdir()
    written(tmp_path / "config", "http: {port: 9}", "ingestd.yaml")
    assert load(None, {}).http.port == 9


@pytest.mark.parametrize(
    ("name", "text"), [("x.yaml", "http:\n  port: 9\n"), ("x.json", '{"http":\n\t{"port": 9}}'), ("x.yaml", "\ufeffhttp: {port: 9}")]
)
def test_yaml_and_json(tmp_path: Path, name: str, text: str) -> None:
    """Both forms, tabs in JSON and a byte order mark included; the environment lies over them."""
    assert load(written(tmp_path, text, name), {"INGESTD_LOG_LEVEL": "debug"}).model_dump(exclude_defaults=True) == {
        "http": {"port": 9},
        "log": {"level": "debug"},
    }


def test_an_empty_file(tmp_path: Path) -> None:
    """A file of comments is the defaults."""
    assert load(written(tmp_path, "# nothing\n"), {}) == Settings()


def test_dates_stay_text(tmp_path: Path) -> None:
    """YAML's dates are for the feed to read."""
    settings = load(written(tmp_path, "sources: [{name: a, feed: demo, day: 2026-11-23}]"), {})
    assert settings.sources[0].options == {"day": "2026-11-23"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.yaml", "http: {port: 1}\nhttp: {port: 2}", ":2: not valid YAML: the key 'http' is given twice; mind indents, colons"),
        ("x.yaml", "http: {port: 1", ":1: not valid YAML: expected ',' or '}', but got '<stream end>'; mind indents, colons and quotes"),
        ("x.yaml", "!!python/object:os.system {}", ":1: not valid YAML: could not determine a constructor for the tag"),
        ("x.yaml", "- 1", ": holds no settings; write keys with values, as in config/ingestd.yaml"),
        ("x.yaml", "1: 2", ": holds no settings; write keys with values, as in config/ingestd.yaml"),
        ("x.json", '{"http": {}, "http": {}}', ": not valid JSON: the key 'http' is given twice"),
        ("x.json", "{", ": not valid JSON: Expecting property name"),
        ("x.json", "[" * 100_000, ": not valid JSON: "),
        ("x.yaml", "a: \x00", ": not valid YAML: "),
    ],
)  # fmt: skip
def test_files_that_are_none(tmp_path: Path, name: str, text: str, expected: str) -> None:
    """One line that says where and what, never a traceback."""
    path = written(tmp_path, text, name)
    (problem,) = problems_of(path)
    assert problem.startswith(f"{path}{expected}")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing file, a folder, bad bytes."""
    assert problems_of(tmp_path / "x.yaml") == (
        f"{tmp_path}/x.yaml: not found; name an existing file with -c, or leave -c out for the defaults",
    )
    assert problems_of(tmp_path) == (f"{tmp_path}: cannot be read: Is a directory",)
    (tmp_path / "b.yaml").write_bytes(b"a: \xff")
    assert "not valid YAML: 'utf-8' codec can't decode" in problems_of(tmp_path / "b.yaml")[0]


def test_every_problem_at_once(tmp_path: Path) -> None:
    """Environment, secret files and values are told together."""
    path = written(tmp_path, f"store: {{url_file: {tmp_path}/none}}\nhttp: {{port: -1}}")
    assert [line.split(":")[0] for line in problems_of(path, {"INGESTD_NOPE": "1"})] == ["INGESTD_NOPE", "store.url_file", "http.port"]


def test_feeds(tmp_path: Path, feeds: dict[str, HasOptions[DemoOptions]]) -> None:
    """Options become the feed's model, by source name; a secret may stand in a file, deep down too."""
    secret = written(tmp_path, "hunter2", "secret")
    secret.chmod(0o600)
    source = {"name": "a", "feed": "demo", "rate": "2", "password_file": str(secret), "login": {"token_file": str(secret)}}
    settings = Settings.model_validate({"sources": [source]})
    found = validate_feeds(settings, feeds)["a"]
    assert (found.rate, found.password.get_secret_value(), found.login.token.get_secret_value()) == (2.0, "hunter2", "hunter2")
    assert settings.sources[0].options["login"] == {"token_file": str(secret)}


def test_problems_of_all_feeds(tmp_path: Path, feeds: dict[str, HasOptions[DemoOptions]]) -> None:
    """Every source is judged, its generic keys are known, its secrets are not shown."""
    sources = [
        {"name": "a", "feed": "demo", "rat": 5, "rate": -1, "pasword": "hunter2"},
        {"name": "b", "feed": "dmeo"},
        {"name": "c", "feed": "demo", "password_file": f"{tmp_path}/none"},
        {"name": "d", "feed": "demo", "password": 7, "enable": False},
    ]
    with pytest.raises(ConfigError) as caught:
        validate_feeds(Settings.model_validate({"sources": sources}), feeds)
    assert caught.value.problems == (
        "sources[0].rate: should be greater than 0 (found -1); Quotes per second",
        "sources[0].password: missing; write it, or name a file that holds it by password_file",
        "sources[0].rat: no such key; did you mean rate?",
        "sources[0].pasword: no such key; did you mean password?",
        "sources[1].feed: no such feed (found 'dmeo'); did you mean demo?",
        f"sources[2].password_file: No such file or directory (found '{tmp_path}/none'); write the secret into it, alone on the first line",
        "sources[3].password: should be a valid string",
        "sources[3].enable: no such key; did you mean enabled?",
    )


def test_everything_at_once(tmp_path: Path, feeds: dict[str, HasOptions[DemoOptions]]) -> None:
    """Problems of the whole and of the options of every source that is one; all is well without any."""
    wrong = "store: {url: mysql://x, nope: 1}\nsources: [{name: a}, {name: b, feed: demo, rate: -1, password: p}, {name: b, feed: dmeo}]"
    with pytest.raises(ConfigError) as caught:
        load_all(written(tmp_path, wrong), {}, feeds)
    assert [line.split(":")[0] for line in caught.value.problems] == [
        *("store.url", "store.nope", "sources[0].feed"),
        *("sources[1].rate", "sources[2].feed"),
    ]
    good = "sources: [{name: b, feed: demo, password: p, login: {token: t}}]"
    settings, options = load_all(written(tmp_path, good), {}, feeds)
    assert (settings.sources[0].name, options["b"].password.get_secret_value()) == ("b", "p")


def test_one_feed() -> None:
    """A single source may be judged by itself."""
    with pytest.raises(ConfigError, match=r"^sources\.a\.password: missing"):
        feed_options(SourceSettings(name="a", feed="demo"), DemoKind())


def test_secrets_in_lists() -> None:
    """Keys of which several hold at a time."""

    class Keys(BaseModel):
        keys: tuple[SecretStr, ...]

    assert secrets_of(Settings.model_validate({}), [Keys(keys=(SecretStr("old"), SecretStr("new")))]) == {"old", "new"}


def test_secrets_of() -> None:
    """The store's password as written and as meant, and every secret option."""
    settings = Settings(store=StoreSettings(url="postgresql://u:p%40ss@h/d"))
    options = DemoOptions.model_validate({"password": "hunter2", "login": {"token": "t0ken"}})
    assert secrets_of(settings, [options]) == {"p%40ss", "p@ss", "hunter2", "t0ken"}
