"""The key file is made once, kept to its owner, and never silently replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot import keyfile
from bot.errors import KeyFileError

NEWER, OLDER = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site" / "aftercare.key"


def test_the_first_start_makes_a_key_that_only_its_owner_reads(path: Path) -> None:
    (key,) = keyfile.load_or_make(path, database_has_data=False)
    assert keyfile.is_key(key)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_next_start_finds_the_same_key(path: Path) -> None:
    assert keyfile.load_or_make(path, database_has_data=False) == keyfile.load_or_make(path, database_has_data=True)


def test_a_lost_key_file_is_not_replaced_while_the_database_has_data(path: Path) -> None:
    with pytest.raises(KeyFileError, match="Put the key file back"):
        keyfile.load_or_make(path, database_has_data=True)
    assert not path.exists()


def test_keys_are_kept_newest_first(path: Path) -> None:
    keyfile.write(path, (NEWER, OLDER))
    assert keyfile.read(path) == (NEWER, OLDER)


def test_writing_replaces_the_file_and_leaves_nothing_behind(path: Path) -> None:
    keyfile.write(path, (OLDER,))
    keyfile.write(path, (NEWER, OLDER))
    assert [file.name for file in path.parent.iterdir()] == ["aftercare.key"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_others_can_read_is_refused(path: Path) -> None:
    keyfile.write(path, (NEWER,))
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keyfile.read(path)


@pytest.mark.parametrize(
    ("content", "says"), [("", "holds no key"), ("# only words\n", "no key"), ("abc", "no Fernet")]
)
def test_a_file_without_usable_keys_is_refused(path: Path, content: str, says: str) -> None:
    keyfile.write(path, (NEWER,))
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KeyFileError, match=says):
        keyfile.read(path)


def test_the_message_never_quotes_what_the_file_holds(path: Path) -> None:
    keyfile.write(path, (NEWER,))
    path.write_text(NEWER[:-5], encoding="utf-8")
    with pytest.raises(KeyFileError) as caught:
        keyfile.read(path)
    assert NEWER[:10] not in str(caught.value)


def test_a_key_file_that_is_a_folder_is_refused_in_words(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(KeyFileError, match="cannot be read"):
        keyfile.read(path)


def test_a_place_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(KeyFileError, match="cannot be written"):
        keyfile.write(tmp_path / "site" / "aftercare.key", (NEWER,))
