"""Importing seeds: what is refused row by row, then files of programs that are not ours."""

from __future__ import annotations

import io
import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pskc import PSKC
from pskc.encryption import Encryption

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import Refused
from deskside.secure_login.authenticators.clocked import ClockedSecret
from deskside.secure_login.authenticators.dsc_plus import SUITE
from deskside.secure_login.device_admin_commands import devices
from deskside.secure_login.otp.ocra import respond
from deskside.secure_login.seeds.reading import read_seeds
from deskside.secure_login.seeds.service import Outcome, SeedImport
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.desk import Desk
from tests.secure_login.test_life import seen

TOTP = "urn:ietf:params:xml:ns:keyprov:pskc:totp"
OCRA = "urn:ietf:params:xml:ns:keyprov:pskc:ocra"
KEYS = [bytes([number]) * 20 for number in range(1, 6)]


def taken(desk: Desk, path: Path, *, dry_run: bool = False, **opened: object) -> list[Outcome]:
    lines = read_seeds(path, **opened)  # type: ignore[arg-type]
    return list(SeedImport(desk.service.devices, desk.directory).run(lines, dry_run=dry_run))


def container() -> PSKC:
    made = PSKC()
    for number, key in enumerate(KEYS):
        made.add_key(
            id=f"t{number}",
            serial=f"T-{number}",
            secret=key,
            algorithm=TOTP,
            response_length=6,
            response_encoding="DECIMAL",
            time_interval=30,
            time_offset=0,
        )
    made.add_key(
        id="o1",
        serial="O-1",
        secret=bytes(range(32)),
        algorithm=OCRA,
        algorithm_suite=SUITE.render(),
        challenge_encoding="DECIMAL",
        challenge_min_length=6,
        challenge_max_length=6,
        response_length=8,
        response_encoding="DECIMAL",
    )
    return made


def written(path: Path, made: PSKC) -> Path:
    made.write(str(path))
    return path


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "<KeyContainer", "<a/>", "\x00\x01", "serial;key\nS;00\n"]
)
def test_what_is_no_seed_file(small_desk: Desk, tmp_path: Path, content: str) -> None:
    path = tmp_path / "seeds"
    path.write_text(content)
    with pytest.raises(Refused):
        taken(small_desk, path)
    assert small_desk.service.list_devices() == []


@pytest.mark.parametrize("opened", [{}, {"key": bytes(16)}, {"password": "wrong"}])
def test_keys_that_do_not_open(small_desk: Desk, tmp_path: Path, opened: dict[str, object]) -> None:
    made = container()
    made.encryption.setup_preshared_key(key=bytes(range(16)))
    with pytest.raises(Refused):
        taken(small_desk, written(tmp_path / "sealed.xml", made), **opened)
    assert small_desk.service.list_devices() == []


def test_each_row_is_judged_by_itself(desk: Desk, tmp_path: Path) -> None:
    desk.person("anna", card=False)
    path = tmp_path / "seeds.csv"
    rows = [
        "serial,key,kind,digits,step,algorithm,username",
        f"A-1,{'01' * 20},totp,6,30,SHA1,anna",
        f"A-2,{'02' * 20},dsc-time,,,,",
        f"A-3,{'03' * 32},,8,60,SHA-256,",
        "A-4,zz,totp,,,,",
        f",{'05' * 20},totp,,,,",
        f"A-6,{'06' * 4},totp,,,,",
        f"A-7,{'07' * 20},no-such-kind,,,,",
        f"A-8,{'08' * 20},totp,,,,nobody",
        f"A-9,{'09' * 20},totp,x,,,",
        f"A-1,{'01' * 20},totp,,,,",
    ]
    path.write_text("\n".join(rows))
    tried = taken(desk, path, dry_run=True)
    assert desk.service.list_devices() == []
    done = taken(desk, path)
    assert [row.outcome for row in done] == [
        "new",
        "new",
        "new",
        *["refused"] * 6,
        "present",
    ]
    assert tried == done
    assert all(row.problem for row in done if row.outcome == "refused")
    assert [row.line for row in done] == list(range(2, 12))
    stored = {info.serial: info for info in desk.service.list_devices()}
    assert {serial: info.kind for serial, info in stored.items()} == {
        "A-1": "totp",
        "A-2": "dsc-time",
        "A-3": "totp",
    }
    assert stored["A-1"].user_names == ("anna",)
    assert {info.status for info in stored.values()} == {DeviceStatus.WAITING}
    # Run again, as after it was cut off.
    assert {row.outcome for row in taken(desk, path)} == {"present", "refused"}


def test_a_file_of_another_program_and_an_answer_of_the_device(
    desk: Desk, tmp_path: Path, clock: FrozenClock
) -> None:
    user = desk.person("anna", card=False)
    made = container()
    made.keys[0].key_userid = "anna"
    made.keys[5].key_userid = "anna"
    path = written(tmp_path / "seeds.xml", made)
    checked = subprocess.run(
        ["pskctool", "--info", str(path)], capture_output=True, text=True, check=True
    )
    assert "T-0" in checked.stdout
    assert [row.outcome for row in taken(desk, path)] == ["new"] * 6
    own = {info.kind: info for info in desk.service.list_devices(user_name_id=user.id)}
    lives, me = desk.service.lives, seen(user)

    # Nothing is due before its holder has activated it.
    assert desk.begin("anna").session is not None
    asked = lives.ask(me, own["totp"].id)
    code = ClockedSecret(KEYS[0]).code(clock.now())
    assert lives.activate(me, own["totp"].id, asked.challenge.id, code)

    # Nobody knows the card's PIN before its holder chooses one.
    asked, sealed = lives.ask_for_pin(me, own["dsc-plus"].id, "7391")
    answer = respond(SUITE, bytes(range(32)), asked.challenge.question, pin="7391")
    lives.change_pin(me, own["dsc-plus"].id, asked.challenge.id, sealed, answer)
    asked = lives.ask(me, own["dsc-plus"].id)
    answer = respond(SUITE, bytes(range(32)), asked.challenge.question, pin="7391")
    lives.activate(me, own["dsc-plus"].id, asked.challenge.id, answer)
    clock.advance(timedelta(minutes=2))
    step = desk.begin("anna")
    assert [factor.kind for factor in step.factors] == ["dsc-plus", "totp"]
    assert step.challenge is not None
    answer = respond(SUITE, bytes(range(32)), step.challenge.question, pin="7391")
    assert desk.answer(step, answer).token


def test_a_file_that_pskctool_wrote_and_signed(small_desk: Desk, tmp_path: Path) -> None:
    """Its own namespaces and order, and a signature between packages and end."""
    plain = written(tmp_path / "seeds.xml", container())
    maker, certificate = tmp_path / "maker.pem", tmp_path / "maker.crt"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=maker"]
    subprocess.run(
        [*asked, "-keyout", str(maker), "-out", str(certificate)], capture_output=True, check=True
    )
    signer = ["pskctool", "--sign", "--sign-key", str(maker), "--sign-crt", str(certificate)]
    made = subprocess.run([*signer, str(plain)], capture_output=True, check=True).stdout
    assert b"SignatureValue" in made
    signed = tmp_path / "signed.xml"
    signed.write_bytes(made)
    assert [row.outcome for row in taken(small_desk, signed)] == ["new"] * 6


def sealed_by_key(encryption: Encryption) -> dict[str, object]:
    encryption.setup_preshared_key(key=bytes(range(16)))
    return {"key": bytes(range(16))}


def sealed_by_password(encryption: Encryption) -> dict[str, object]:
    encryption.setup_pbkdf2("correct horse", iterations=1000)
    return {"password": "correct horse"}


@pytest.mark.parametrize("seal", [sealed_by_key, sealed_by_password])
def test_encrypted_files(small_desk: Desk, tmp_path: Path, seal: object) -> None:
    made = container()
    assert callable(seal)
    opened = seal(made.encryption)
    path = written(tmp_path / "sealed.xml", made)
    assert KEYS[0].hex() not in path.read_text()
    assert [row.outcome for row in taken(small_desk, path, **opened)] == ["new"] * 6


def test_the_command(small_desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "seeds.csv"
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{small_desk.database.file}"]
    path.write_text(f"serial,key\nA-1,{'01' * 20}\nA-2,zz\n")
    run = CliRunner().invoke(devices, ["import", str(path), "--dry-run", "--json", *place])
    said = json.loads(run.stdout)
    assert run.exit_code == 1
    assert (said["new"], said["refused"], said["dry_run"]) == (1, 1, True)
    assert [row["outcome"] for row in said["rows"]] == ["new", "refused"]
    run = CliRunner().invoke(devices, ["import", str(path), *place])
    assert run.exit_code == 1
    assert "3: " in run.stdout
    run = CliRunner().invoke(devices, ["import", str(path), "--password", "x", *place])
    assert run.exit_code == 2


class Terminal(io.StringIO):
    """Standard error that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_command_shows_how_far_it_is(
    small_desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [f"{number},{number:040x},totp" for number in range(2500)]
    path = tmp_path / "seeds.csv"
    path.write_text("\n".join(["serial,key,kind", *rows]))
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{small_desk.database.file}"]
    words = ["import", str(path), "--json", *place]
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    devices.main(words, prog_name="devices", standalone_mode=False)
    shown = re.findall(r"Importing.*?(\d+)%", screen.getvalue())
    assert sorted({int(each) for each in shown}) == [0, 40, 80, 100]
    assert json.loads(capsys.readouterr().out)["new"] == 2500, "and nothing of it on stdout"
    unseen = io.StringIO()
    monkeypatch.setattr("sys.stderr", unseen)
    devices.main(words, prog_name="devices", standalone_mode=False)
    assert "Importing" not in unseen.getvalue()
