"""Settings: where they come from, which comes first, and what a mistake is told."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.commands import config as config_command
from deskside.foundation.config import Chosen, Config, read_value
from deskside.foundation.errors import UsageProblem
from deskside.foundation.setting import Kind, Setting
from deskside.foundation.settings import SETTINGS

MANUAL = Path(__file__).parents[2] / "docs" / "operator" / "configuration.md"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deskside.toml"


def problem(file: Path | None = None, **flags: object) -> UsageProblem:
    with pytest.raises(UsageProblem) as caught:
        Config.load(file, flags)
    return caught.value


def test_defaults() -> None:
    config = Config.load()
    assert config.address("portal.listen") == ("localhost", 8737)
    assert config.span("session.idle") == timedelta(minutes=30)
    assert config.span("session.absolute") == timedelta(hours=12)
    assert config["login.argon2_pool"] is None
    assert config.text("log.level") == "info"
    assert config.optional_text("portal.url") is None
    assert config.file("portal.tls_cert") is None
    assert config.networks("portal.trusted_proxy") == ()
    assert all(item.source == "default" for item in config.chosen.values())


def test_flag_before_environment_before_file_before_default(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[portal]\nlisten = "a:1"\nurl = "https://file"\n[log]\nlevel = "error"\n')
    monkeypatch.setenv("DESKSIDE_LISTEN", "b:2")
    monkeypatch.setenv("DESKSIDE_URL", "https://environment")
    config = Config.load(file, {"listen": "c:3", "url": None, "data": None})
    assert config.address("portal.listen") == ("c", 3)
    assert config.text("portal.url") == "https://environment"
    assert config.text("log.level") == "error"
    sources = {key: item.source for key, item in config.chosen.items()}
    assert sources["portal.listen"] == "--listen"
    assert sources["portal.url"] == "DESKSIDE_URL"
    assert sources["log.level"] == str(file)
    assert sources["mail.host"] == "default"


def test_flags_by_key_too() -> None:
    assert Config.load(flags={"portal.listen": "c:3"}).address("portal.listen") == ("c", 3)
    with pytest.raises(KeyError):
        Config.load(flags={"no_such_flag": "x"})


@pytest.mark.parametrize(
    ("content", "near"),
    [
        ('[portal]\nlisten_on = "a:1"', "portal.listen"),
        ('[portl]\nlisten = "a:1"', "portal.listen"),
        ('[session]\nidel = "5 min"', "session.idle"),
        ('listen = "a:1"', "portal.listen"),
        ('[mail]\nadress = "x"', "mail."),
    ],
)
def test_an_unknown_key_names_the_nearest(file: Path, content: str, near: str) -> None:
    file.write_text(content)
    found = problem(file)
    assert found.code == "config-unknown-key"
    assert near in found.hint


def test_a_malformed_file_says_where(file: Path) -> None:
    file.write_text("[portal\n")
    found = problem(file)
    assert found.code == "config-malformed"
    assert "line 1" in found.message
    file.write_bytes(b"\xff\xfe")
    assert problem(file).code == "config-malformed"


def test_a_missing_file_is_an_error_only_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert problem(tmp_path / "nowhere.toml").code == "config-missing"
    monkeypatch.setenv("DESKSIDE_CONFIG", str(tmp_path / "nowhere.toml"))
    assert problem().code == "config-missing"
    monkeypatch.delenv("DESKSIDE_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    Config.load()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("portal.listen", "8737"),
        ("portal.listen", "host:99999"),
        ("portal.listen", 8737),
        ("portal.trusted_proxy", "10.0.0.1/8"),
        ("portal.trusted_proxy", []),
        ("portal.trusted_proxy", [1]),
        ("network.responder_plain", []),
        ("network.responder_plain", "desk.example"),
        ("network.responder_tls", ["[::1]:4001", "desk.example:99999"]),
        ("session.idle", "soon"),
        ("session.idle", 30),
        ("session.idle", "1 s"),
        ("session.idle", "99999999 d"),
        ("login.argon2_pool", "many"),
        ("login.argon2_pool", True),
        ("login.argon2_pool", 0),
        ("login.argon2_pool", 2.5),
        ("log.level", "loud"),
        ("portal.url", ""),
        ("portal.tls_cert", 5),
        ("mail.tls", {}),
    ],
)
def test_a_wrong_value_is_said_with_what_is_expected(key: str, value: object) -> None:
    with pytest.raises(UsageProblem) as caught:
        read_value(SETTINGS[key], value, "the file")
    assert caught.value.code == "config-wrong-value"
    assert key in caught.value.message
    assert "the file" in caught.value.message
    assert caught.value.hint


def test_every_kind_is_read_from_text_and_toml(file: Path) -> None:
    file.write_text(
        """
        [portal]
        listen = "[::1]:80"
        trusted_proxy = ["10.0.0.0/8", "fd00::/8"]
        tls_cert = "~/desk.pem"
        [login]
        argon2_pool = 5
        """
    )
    config = Config.load(file)
    assert config.address("portal.listen") == ("::1", 80)
    assert config.networks("portal.trusted_proxy") == (
        ip_network("10.0.0.0/8"),
        ip_network("fd00::/8"),
    )
    assert config.file("portal.tls_cert") == Path("~/desk.pem").expanduser()
    assert config.number("login.argon2_pool") == 5
    proxies = Config.load(flags={"trusted_proxy": "10.0.0.0/8, fd00::/8"})
    assert proxies["portal.trusted_proxy"] == config["portal.trusted_proxy"]


SWITCH = Setting(key="x.y", kind=Kind.SWITCH, default=None, about="")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("Off", False), (True, True)])
def test_a_switch(text: object, value: bool) -> None:
    assert read_value(SWITCH, text, "") is value
    assert Config({"x.y": Chosen(SWITCH, value, "")}).switch("x.y") is value


@pytest.mark.parametrize("text", ["maybe", 1, ""])
def test_not_a_switch(text: object) -> None:
    with pytest.raises(UsageProblem):
        read_value(SWITCH, text, "")


@given(st.sampled_from(sorted(SETTINGS)), st.text() | st.integers() | st.lists(st.text()))
def test_any_value_is_read_or_refused_clearly(key: str, value: object) -> None:
    try:
        read_value(SETTINGS[key], value, "the file")
    except UsageProblem as error:
        if not error.hint:
            raise AssertionError("no hint") from error


def test_what_is_shown_reads_back_as_the_same_value() -> None:
    for key, item in Config.load().chosen.items():
        if item.value is not None:
            assert read_value(SETTINGS[key], item.shown, "") == item.value


def test_the_data_folder_and_the_database_follow(tmp_path: Path) -> None:
    config = Config.load(flags={"data": str(tmp_path / "desk")})
    assert config.data_folder() == tmp_path / "desk"
    assert config.database_url() == tmp_path / "desk" / "deskside.sqlite3"
    config = Config.load(flags={"database": "postgresql://x/y"})
    assert config.data_folder() == tmp_path / "data" / "portal"
    assert config.database_url() == "postgresql://x/y"


def test_show_says_where_each_value_comes_from_and_no_secret(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[mail]\nhost = "mail.example"\n')
    monkeypatch.setenv("DESKSIDE_CONFIG", str(file))
    monkeypatch.setenv("DESKSIDE_DATABASE", "postgresql://desk:hunter2@db/desk")
    for arguments in (["show"], ["show", "--json"]):
        result = CliRunner().invoke(config_command, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        assert "hunter2" not in result.output
        assert "mail.example" in result.output
    shown = {item["key"]: item for item in json.loads(result.stdout)["settings"]}
    assert list(shown) == list(SETTINGS)
    assert shown["portal.database"] == {
        "key": "portal.database",
        "value": "set",
        "source": "DESKSIDE_DATABASE",
    }
    assert shown["mail.host"]["source"] == str(file)


def test_variables_and_flags_are_distinct() -> None:
    assert len({setting.variable for setting in SETTINGS.values()}) == len(SETTINGS)
    flags = [setting.flag for setting in SETTINGS.values() if setting.flag]
    assert len(set(flags)) == len(flags)


def manual_table() -> str:
    """The table of the manual, made from the settings."""
    lines = ["| Setting | Kind | Default | Environment | Flag | What it does |", "|---" * 6 + "|"]
    for setting in SETTINGS.values():
        kind = ", ".join(f"`{choice}`" for choice in setting.choices) or setting.kind.value
        cells = [
            f"`{setting.key}`",
            kind,
            f"`{setting.default}`" if setting.default else "–",
            f"`{setting.variable}`",
            f"`{setting.flag}`" if setting.flag else "–",
            setting.about,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_manual_says_the_same() -> None:
    text = MANUAL.read_text("utf-8")
    assert manual_table() in text, "put this in docs/operator/configuration.md:\n" + manual_table()


def test_several_ports_of_the_responder() -> None:
    one = Config.load(flags={"network.responder_plain": "0.0.0.0:4000"})
    assert one.addresses("network.responder_plain") == (("0.0.0.0", 4000),)
    several = Config.load(flags={"network.responder_plain": "0.0.0.0:4000, [::]:4002"})
    assert several.addresses("network.responder_plain") == (("0.0.0.0", 4000), ("::", 4002))
    assert several.addresses("network.responder_tls") == ()
