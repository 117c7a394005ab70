"""An encrypted backup opens with its key only, and no secret key passes over the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config.home import Home
from tests.kept_home import read_files

pyrage = pytest.importorskip("pyrage")

Told_by = Callable[..., tuple[int, str, str]]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, Path]:
    """A public key, and the file of its secret one, as `age-keygen` writes it."""
    secret = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created: 2026-03-01T00:00:00Z\n# public key: {secret.to_public()}\n{secret}\n")
    return str(secret.to_public()), file


@pytest.fixture
def encrypted(kept: Home, keys: tuple[str, Path], tmp_path: Path, parcours_here: Told_by) -> Path:
    file = tmp_path / "encrypted"
    assert parcours_here("backup", file, "--home", kept.root, "--encrypt-to", keys[0])[0] == 0
    return file


def test_it_opens_with_its_key(
    kept: Home,
    encrypted: Path,
    keys: tuple[str, Path],
    tmp_path: Path,
    parcours_here: Told_by,
) -> None:
    assert encrypted.read_bytes().startswith(b"age-encryption.org/v1")
    assert b"ledger" not in encrypted.read_bytes()
    assert parcours_here("backup", "--verify", encrypted, "--identity", keys[1])[0] == 0
    assert parcours_here("restore", encrypted, "--identity", keys[1], "--home", tmp_path / "new")[0] == 0
    assert read_files(tmp_path / "new") == read_files(kept.root)


def test_keys_may_stand_in_a_file_and_be_several(
    kept: Home, keys: tuple[str, Path], tmp_path: Path, parcours_here: Told_by
) -> None:
    other = pyrage.x25519.Identity.generate()
    (tmp_path / "recipients").write_text(f"# the office\n\n{other.to_public()}\n")
    file = tmp_path / "file"
    told = parcours_here(
        "backup", file, "--home", kept.root, "--encrypt-to", tmp_path / "recipients", "--encrypt-to", keys[0]
    )
    assert told[0] == 0
    (tmp_path / "other").write_text(str(other))
    for identity in (keys[1], tmp_path / "other"):
        assert parcours_here("backup", "--verify", file, "--identity", identity)[0] == 0


def test_another_key_none_and_an_altered_file_have_their_own_words(
    encrypted: Path, keys: tuple[str, Path], tmp_path: Path, parcours_here: Told_by
) -> None:
    (tmp_path / "wrong").write_text(str(pyrage.x25519.Identity.generate()))
    new = ("--home", tmp_path / "new")
    exit_code, _, err = parcours_here("restore", encrypted, *new)
    assert (exit_code, "is encrypted. Name the file of your secret key with --identity" in err) == (2, True)
    exit_code, _, err = parcours_here("restore", encrypted, *new, "--identity", tmp_path / "wrong")
    assert (exit_code, "encrypted to another key" in err) == (1, True)
    content = encrypted.read_bytes()
    for bad in (content[:-20], content[: len(content) // 2], content[:-40] + b"x" + content[-39:], content[:60]):
        encrypted.write_bytes(bad)
        exit_code, _, err = parcours_here("restore", encrypted, *new, "--identity", keys[1])
        assert (exit_code, "cut or altered" in err) == (1, True), err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("written", ["text", "file"])
def test_a_secret_key_is_refused_where_a_public_one_belongs_and_never_repeated(
    kept: Home, keys: tuple[str, Path], tmp_path: Path, parcours_here: Told_by, written: str
) -> None:
    secret = keys[1].read_text().splitlines()[-1]
    key = secret if written == "text" else keys[1]
    exit_code, _, err = parcours_here("backup", tmp_path / "file", "--home", kept.root, "--encrypt-to", key)
    assert exit_code == 2
    assert "secret key" in err
    assert secret not in err
    exit_code, _, err = parcours_here("restore", tmp_path / "file", "--identity", secret, "--home", tmp_path / "new")
    assert exit_code == 2
    assert secret not in err
    assert not (tmp_path / "file").exists()


def test_a_secret_key_in_the_place_of_its_file_is_refused_and_never_repeated(
    encrypted: Path, keys: tuple[str, Path], tmp_path: Path, parcours_here: Told_by
) -> None:
    secret = keys[1].read_text().splitlines()[-1]
    for identity in (secret, secret.lower(), "-----BEGIN OPENSSH PRIVATE KEY-----"):
        exit_code, _, err = parcours_here("backup", "--verify", encrypted, "--identity", identity)
        assert (exit_code, "history" in err) == (2, True)
        assert identity not in err


@pytest.mark.parametrize("key", ["age1notakey", "ssh-ed25519 AAAA", "missing.txt", "empty.txt", "binary"])
def test_what_is_no_key_is_said_to_be_none(kept: Home, tmp_path: Path, parcours_here: Told_by, key: str) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    named = key if key.startswith(("age1", "ssh-")) else tmp_path / key
    exit_code, _, err = parcours_here("backup", tmp_path / "file", "--home", kept.root, "--encrypt-to", named)
    assert exit_code == 2
    assert "key" in err
    assert not (tmp_path / "file").exists()
