"""Encryption of backups in the format of age (https://age-encryption.org/v1), which the tool `age` opens too.

Keys are age's own (X25519) or those of SSH. To encrypt takes only public keys; a secret key is read from a file, never
from the command line, where other users and the shell's history see it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from pipelines.backup.errors import BackupError
from pipelines.errors import ConfigurationError

HEADERS = (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE")
SECRET_WORDS = ("AGE-SECRET-KEY-", "PRIVATE KEY")
LARGEST_KEY_FILE = 1_000_000  # Bytes; thousands of keys.


def is_encrypted(beginning: bytes) -> bool:
    return beginning.startswith(HEADERS)


def read_recipients(keys: Iterable[str]) -> list[Any]:
    """The public keys that are written as texts (`age1...`, `ssh-ed25519 ...`), or that stand in the files so named.

    Raises ConfigurationError on what is no public key, and on any secret one.
    """
    recipients: list[Any] = []
    for key in keys:
        if any(word in key.upper() for word in SECRET_WORDS):
            raise ConfigurationError(
                "--encrypt-to was given a secret key. It is now in your shell's history: make another, and name its "
                "public key, which begins with age1 (`age-keygen -y FILE` shows it)."
            )
        if key.startswith(("age1", "ssh-")):
            recipients.append(_read_recipient(key, "--encrypt-to"))
        else:
            recipients += _read_recipients_of(Path(key))
    return recipients


def _read_recipients_of(file: Path) -> list[Any]:
    lines = _read_key_file(file, "--encrypt-to", "a public key (age1...), nor a file of such keys").splitlines()
    keys = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if any(word in line for _, line in keys for word in SECRET_WORDS):
        raise ConfigurationError(
            f"{file} holds a secret key. Name its public key with --encrypt-to: `age-keygen -y {file}` shows it."
        )
    if not keys:
        raise ConfigurationError(f"{file} holds no key. A line of it is a public key such as age1...")
    return [_read_recipient(line, f"{file}, line {number}") for number, line in keys]


def _read_recipient(key: str, place: str) -> Any:
    import pyrage

    kind = pyrage.ssh.Recipient if key.startswith("ssh-") else pyrage.x25519.Recipient
    try:
        return kind.from_str(key)
    except pyrage.RecipientError:
        raise ConfigurationError(
            f"{place}: this is not a public key. One begins with age1 (`age-keygen -y FILE` shows it), or with "
            "ssh-ed25519 or ssh-rsa."
        ) from None


def read_identities(file: Path) -> list[Any]:
    """The secret keys in ``file``, as `age-keygen` writes it, or an SSH key without a passphrase.

    Raises ConfigurationError.
    """
    import pyrage

    if any(word in str(file).upper() for word in SECRET_WORDS):
        raise ConfigurationError(
            "--identity was given a secret key. It is now in your shell's history: name the file that holds it."
        )
    content = _read_key_file(file, "--identity", "a file that holds a secret key")
    try:
        if "PRIVATE KEY" in content:
            return [pyrage.ssh.Identity.from_buffer(content.encode())]
        lines = [line.strip() for line in content.splitlines()]
        identities = [pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]
    except pyrage.IdentityError:
        identities = []
    if not identities:
        raise ConfigurationError(
            f"--identity names {file}, which holds no secret key that can be read: a line of it is "
            "AGE-SECRET-KEY-1..., as `age-keygen -o FILE` writes it, or it is an SSH key without a passphrase."
        )
    return identities


def _read_key_file(file: Path, option: str, wanted: str) -> str:
    try:
        if file.stat().st_size > LARGEST_KEY_FILE:
            raise ConfigurationError(f"{option} names {file}, which is too large for a file of keys.")
        return file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigurationError(f"{option} names {str(file)!r}, which is not {wanted} that can be read.") from None


def encrypt(plain: IO[bytes], target: IO[bytes], recipients: list[Any]) -> None:
    import pyrage

    pyrage.encrypt_io(plain, target, recipients)


def decrypt(source: IO[bytes], target: IO[bytes], identities: list[Any]) -> None:
    """Raises BackupError where none of the keys fits, and where the file is cut or altered."""
    import pyrage

    try:
        pyrage.decrypt_io(source, target, identities)
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise BackupError("it is encrypted to another key than the one of --identity") from None
        raise BackupError("it is encrypted, and cut or altered") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise BackupError("it is encrypted, and cut or altered") from None
