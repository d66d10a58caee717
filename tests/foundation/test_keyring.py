"""Sealed secrets open for their own context and key only; keys are made, lost and rotated."""

from __future__ import annotations

import os
import secrets
import stat
from base64 import b64decode, b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskside.foundation import keyring as keyring_module
from deskside.foundation.database import Database
from deskside.foundation.errors import Refused
from deskside.foundation.kek import KeyEncryptionKey
from deskside.foundation.keyring import Keyring, data_key

from .processes import forked

LENIENT = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keyring(sqlite_database: Database, keys: Path) -> Keyring:
    return Keyring.open(sqlite_database, keys)


def code_of(database: Database, keys: Path) -> str:
    with pytest.raises(Refused) as caught:
        Keyring.open(database, keys)
    assert caught.value.hint
    return caught.value.code


@LENIENT
@given(st.binary(max_size=2000), st.text(max_size=60))
def test_what_is_sealed_opens_again(keyring: Keyring, plaintext: bytes, context: str) -> None:
    try:
        context.encode()
    except UnicodeEncodeError:
        return
    sealed = keyring.seal(plaintext, context=context)
    assert keyring.open_sealed(sealed, context=context) == plaintext
    assert sealed != keyring.seal(plaintext, context=context)
    assert sealed[0] == 1
    assert int.from_bytes(sealed[1:5], "big") == keyring.data_key_version


@LENIENT
@given(st.binary(max_size=60), st.data())
def test_any_tampering_is_found(keyring: Keyring, plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(keyring.seal(plaintext, context="a"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refused) as caught:
        keyring.open_sealed(bytes(sealed), context="a")
    assert caught.value.code == "sealed-damaged"


@LENIENT
@given(st.integers(0, 40))
def test_a_cut_secret_is_found(keyring: Keyring, length: int) -> None:
    sealed = keyring.seal(b"12345678", context="a")
    with pytest.raises(Refused):
        keyring.open_sealed(sealed[:length], context="a")


def test_a_secret_moved_elsewhere_does_not_open(keyring: Keyring) -> None:
    sealed = keyring.seal(b"secret", context="device:1")
    with pytest.raises(Refused):
        keyring.open_sealed(sealed, context="device:2")


def test_the_same_on_both_engines_and_for_a_second_node(database: Database, keys: Path) -> None:
    first, second = Keyring.open(database, keys), Keyring.open(database, keys)
    assert second.open_sealed(first.seal(b"x", context="c"), context="c") == b"x"
    assert first.keyed_hash("a", b"x") == second.keyed_hash("a", b"x")
    assert first.public_key_hex == second.public_key_hex


def test_keyed_hashes_differ_by_purpose_value_and_desk(
    keyring: Keyring, tmp_path: Path, keys: Path
) -> None:
    other_database = Database.open(tmp_path / "other.sqlite3")
    other_database.migrate()
    other = Keyring.open(other_database, keys)
    made = {
        keyring.keyed_hash("a", b"x"),
        keyring.keyed_hash("b", b"x"),
        keyring.keyed_hash("a", b"y"),
        other.keyed_hash("a", b"x"),
    }
    assert len(made) == 4
    assert all(len(value) == 32 for value in made)
    other_database.close()


def test_key_files_are_private(keyring: Keyring, keys: Path) -> None:
    keyring.signing_key.sign(b"x")
    keyring.rotate_key_encryption_key()
    files = sorted(keys.iterdir())
    assert [file.name.split("-")[0] for file in files] == ["kek.key", "retired", "signing.pem"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700


def test_no_key_is_in_the_database_or_a_representation(
    keyring: Keyring, keys: Path, sqlite_database: Database
) -> None:
    key = KeyEncryptionKey.generate()
    assert key.as_text() not in repr(key)
    assert sqlite_database.file
    stored = sqlite_database.file.read_bytes()
    kek = (keys / "kek.key").read_text().strip()
    assert kek.encode() not in stored
    assert keyring._hashing not in stored


def test_a_missing_key_is_named_and_none_is_made(
    keyring: Keyring, keys: Path, sqlite_database: Database
) -> None:
    (keys / "kek.key").unlink()
    with pytest.raises(Refused) as caught:
        Keyring.open(sqlite_database, keys)
    assert caught.value.code == "key-encryption-key-missing"
    assert keyring.key_encryption_key_id in caught.value.message
    assert not (keys / "kek.key").exists()


def test_a_wrong_key_names_both(
    keyring: Keyring, keys: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = KeyEncryptionKey.generate()
    monkeypatch.setenv("DESKSIDE_KEK", wrong.as_text())
    with pytest.raises(Refused) as caught:
        Keyring.open(sqlite_database, keys)
    assert caught.value.code == "key-encryption-key-wrong"
    assert wrong.id in caught.value.message
    assert keyring.key_encryption_key_id in caught.value.message
    assert wrong.as_text() not in caught.value.message + caught.value.detail


@pytest.mark.parametrize("text", ["", "short", "ü", "A" * 63, "!" * 44, b64encode(b"x").decode()])
def test_a_malformed_key_is_said(sqlite_database: Database, keys: Path, text: str) -> None:
    keys.mkdir()
    (keys / "kek.key").write_text(text)
    assert code_of(sqlite_database, keys) == "key-encryption-key-malformed"


@pytest.mark.parametrize(
    "write",
    [bytes.hex, lambda key: b64encode(key).decode(), lambda key: urlsafe_b64encode(key).decode()],
)
def test_a_key_from_a_file_in_every_spelling(
    sqlite_database: Database,
    keys: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: object,
) -> None:
    assert callable(write)
    secret = b"\xfb\xff" + secrets.token_bytes(30)
    (tmp_path / "the.key").write_text(write(secret) + "\n")
    monkeypatch.setenv("DESKSIDE_KEK_FILE", str(tmp_path / "the.key"))
    keyring = Keyring.open(sqlite_database, keys)
    assert keyring.key_encryption_key_id == KeyEncryptionKey(secret).id
    assert not (keys / "kek.key").exists()


def test_a_named_file_that_is_missing_is_said(sqlite_database: Database, keys: Path) -> None:
    with pytest.raises(Refused) as caught:
        Keyring.open(sqlite_database, keys, kek_file=keys / "nowhere")
    assert caught.value.code == "key-encryption-key-missing"
    assert "nowhere" in caught.value.message


def test_an_altered_data_key_is_said(
    keyring: Keyring, keys: Path, sqlite_database: Database
) -> None:
    assert keyring
    with sqlite_database.write() as connection:
        # The wrapped keys change places: each is sound, but not where it now stands.
        connection.execute(data_key.update().values(purpose=data_key.c.purpose + "x"))
        connection.exec_driver_sql(
            "UPDATE data_key SET purpose = CASE purpose WHEN 'sealx' THEN 'hash' ELSE 'seal' END"
        )
    assert code_of(sqlite_database, keys) == "data-key-damaged"


def test_a_malformed_signature_key_is_said(keyring: Keyring, keys: Path) -> None:
    (keys / "signing.pem").write_text("not a key")
    with pytest.raises(Refused) as caught:
        keyring.signing_key  # noqa: B018 - reading it is the test
    assert caught.value.code == "signing-key-malformed"


def test_rotation_keeps_every_secret(database: Database, keys: Path) -> None:
    running = Keyring.open(database, keys)
    sealed, hashed = running.seal(b"secret", context="c"), running.keyed_hash("p", b"v")
    other_node = Keyring.open(database, keys)
    old, new = running.rotate_key_encryption_key()
    assert old != new
    fresh = Keyring.open(database, keys)
    assert fresh.key_encryption_key_id == running.key_encryption_key_id == new
    for node in (running, other_node, fresh):
        assert node.open_sealed(sealed, context="c") == b"secret"
        assert node.keyed_hash("p", b"v") == hashed
    assert KeyEncryptionKey(b64_decoded(keys / f"retired-{old}.key")).id == old


def test_the_retired_key_opens_an_old_backup(
    keyring: Keyring, keys: Path, sqlite_database: Database, tmp_path: Path
) -> None:
    assert sqlite_database.file
    sealed = keyring.seal(b"secret", context="c")
    sqlite_database.close()
    backup = tmp_path / "backup.sqlite3"
    backup.write_bytes(sqlite_database.file.read_bytes())
    old, _new = keyring.rotate_key_encryption_key()
    restored = Database.open(backup)
    opened = Keyring.open(restored, keys, kek_file=keys / f"retired-{old}.key")
    assert opened.open_sealed(sealed, context="c") == b"secret"
    restored.close()


def test_rotation_of_a_key_that_the_operator_provides(
    sqlite_database: Database, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = KeyEncryptionKey.generate(), KeyEncryptionKey.generate()
    monkeypatch.setenv("DESKSIDE_KEK", old.as_text())
    keyring = Keyring.open(sqlite_database, keys)
    with pytest.raises(Refused) as caught:
        keyring.rotate_key_encryption_key()
    assert caught.value.code == "key-encryption-key-not-newer"
    monkeypatch.setenv("DESKSIDE_KEK", f"{new.as_text()},{old.as_text()}")
    both = Keyring.open(sqlite_database, keys)
    assert both.rotate_key_encryption_key() == (old.id, new.id)
    monkeypatch.setenv("DESKSIDE_KEK", new.as_text())
    assert Keyring.open(sqlite_database, keys).key_encryption_key_id == new.id
    assert list(keys.iterdir()) == []


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_rotation_that_is_cut_off_does_no_harm(
    database: Database, keys: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    keyring = Keyring.open(database, keys)
    sealed = keyring.seal(b"secret", context="c")
    with monkeypatch.context() as patch:

        def cut(*_args: object) -> None:
            raise KeyboardInterrupt

        if moment == "before the commit":
            patch.setattr(keyring_module, "_wrap_anew", cut)
        else:
            patch.setattr("deskside.foundation.kek.KeySource.retire", cut)
        with pytest.raises(KeyboardInterrupt):
            keyring.rotate_key_encryption_key()
    again = Keyring.open(database, keys)
    assert again.open_sealed(sealed, context="c") == b"secret"
    _old, new = again.rotate_key_encryption_key()
    last = Keyring.open(database, keys)
    assert last.key_encryption_key_id == new
    assert last.open_sealed(sealed, context="c") == b"secret"
    assert len((keys / "kek.key").read_text().split()) == 1


def test_nodes_that_start_at_once_agree(database_url: str, keys: Path) -> None:
    with forked().Pool(3) as pool:
        seen = pool.starmap(_first_start, [(database_url, str(keys))] * 6)
    assert len(set(seen)) == 1


def _first_start(url: str, keys: str) -> tuple[str, bytes, str]:
    os.environ.pop("DESKSIDE_KEK", None)
    database = Database.open(url)
    keyring = Keyring.open(database, Path(keys))
    database.close()
    return keyring.key_encryption_key_id, keyring.keyed_hash("a", b"x"), keyring.public_key_hex


def b64_decoded(path: Path) -> bytes:
    return b64decode(path.read_text())
