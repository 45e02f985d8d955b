"""The key file: the encryption keys of personal data, made at the first start and readable by its owner only.

Whoever loses the keys loses the names, phone numbers and free text in the database; whoever has a copy can read them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet

from bot.errors import KeyFileError

_HEADER = "# Aftercare's keys, newest first. Keep a copy apart from the backups of the database.\n"


def load_or_make(path: Path, *, database_has_data: bool) -> tuple[str, ...]:
    """The Fernet keys in this file, newest first; at the first start a new one is made.

    Raises KeyFileError when the file is unusable, or missing although the database already holds what it encrypted.
    """
    if path.exists():
        return read(path)
    if database_has_data:
        raise KeyFileError(
            f"There is a database but no key file {path}. Put the key file back from its backup, or name it with "
            "AFTERCARE_KEY_FILE; with a new key the names, phone numbers and texts in the database stay unreadable."
        )
    write(path, (Fernet.generate_key().decode(),))
    return read(path)


def read_shared(path: Path) -> tuple[str, ...]:
    """The keys of a database that several processes and machines use: never made by the way, for each needs the same.

    Raises KeyFileError.
    """
    if not path.exists():
        raise KeyFileError(
            f"There is no key file {path}. Copy it from where this database is served already, or, for a new database, "
            "make one with: aftercare keys new"
        )
    return read(path)


def read(path: Path) -> tuple[str, ...]:
    """The keys in this file, newest first; raises KeyFileError."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"The key file {path} cannot be read: {error}.") from error
    if os.name == "posix" and mode & 0o077:
        raise KeyFileError(f"Other users can read the key file {path}. Run: chmod 600 {path}")
    keys = split("\n".join(line for line in text.splitlines() if not line.startswith("#")))
    if not keys:
        raise KeyFileError(f"The key file {path} holds no key. Put back the one the database was written with.")
    if not all(map(is_key, keys)):
        raise KeyFileError(f"The key file {path} holds something that is no Fernet key. Put back its last copy.")
    return keys


def write(path: Path, keys: Sequence[str]) -> None:
    """Put these keys, newest first, in the file at once or not at all, readable by its owner only."""
    scratch = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.unlink(missing_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_HEADER + "".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise KeyFileError(f"The key file {path} cannot be written: {error}.") from error


def split(text: str) -> tuple[str, ...]:
    """The keys in a setting: separated by commas or white space."""
    return tuple(text.replace(",", " ").split())


def is_key(text: str) -> bool:
    """Whether this is a Fernet key: 32 bytes in URL-safe base64."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True
