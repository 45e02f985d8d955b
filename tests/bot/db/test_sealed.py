"""What is sealed opens with the key alone, whole and unchanged, or not at all."""

from __future__ import annotations

import io
import random

import pytest
from cryptography.fernet import Fernet

from bot.db import sealed

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
HEADER = {"made_at": "2026-03-02"}


def seal(data: bytes, *keys: str) -> bytes:
    file = io.BytesIO()
    with sealed.Sealer(file, keys or (NEW,), HEADER) as out:
        for start in range(0, len(data), 300_000):
            out.write(data[start : start + 300_000])
    return file.getvalue()


def unseal(file: bytes, *keys: str) -> bytes:
    return b"".join(sealed.opened(io.BytesIO(file), keys or (NEW,)))


@pytest.mark.parametrize("size", [0, 1, sealed.CHUNK - 1, sealed.CHUNK, sealed.CHUNK + 1, 2 * sealed.CHUNK, 3_000_000])
def test_what_was_sealed_comes_back(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert unseal(seal(data)) == data


def test_a_rotated_ring_still_opens_what_the_old_key_sealed() -> None:
    assert unseal(seal(b"names", OLD), NEW, OLD) == b"names"


def test_without_its_key_it_stays_closed() -> None:
    with pytest.raises(sealed.KeyUnknown):
        unseal(seal(b"names", OLD), NEW, OTHER)


def test_neither_content_nor_key_is_in_the_file() -> None:
    file = seal(b"Ana Ruiz" * 1000)
    assert b"Ana Ruiz" not in file
    assert NEW.encode() not in file


def test_two_files_of_the_same_content_have_nothing_in_common_but_the_header() -> None:
    one, other = seal(b"same" * 100), seal(b"same" * 100)
    assert one[-400:] != other[-400:]


def test_a_file_of_something_else_is_refused() -> None:
    with pytest.raises(sealed.NotSealed):
        unseal(b"SQLite format 3\x00" + bytes(100))


def test_every_changed_byte_is_noticed() -> None:
    file = seal(b"0123456789")
    for place in range(len(file)):
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises((sealed.Damaged, sealed.NotSealed, sealed.KeyUnknown)):
            unseal(bytes(changed))


def test_every_truncation_is_noticed() -> None:
    file = seal(b"0123456789")
    for length in range(len(file)):
        with pytest.raises((sealed.Damaged, sealed.NotSealed)):
            unseal(file[:length])


def chunks(file: bytes) -> tuple[bytes, list[bytes]]:
    """The header, and each chunk with its length."""
    stream = io.BytesIO(file)
    sealed.header(stream)
    start, found = stream.tell(), []
    while length := stream.read(4):
        found.append(length + stream.read(int.from_bytes(length, "big")))
    return file[:start], found


def test_a_chunk_left_out_added_or_moved_is_noticed() -> None:
    header, found = chunks(seal(bytes(3 * sealed.CHUNK)))
    first, second, third = found
    for order in ([first, second], [first], [first, third], [second, first, third], [*found, third], [*found, second]):
        with pytest.raises(sealed.Damaged):
            unseal(header + b"".join(order))


def test_a_chunk_of_another_file_is_noticed() -> None:
    header, _ = chunks(seal(b"one"))
    _, (foreign,) = chunks(seal(b"two"))
    with pytest.raises(sealed.Damaged):
        unseal(header + foreign)


def test_a_file_whose_writer_failed_has_no_end() -> None:
    file = io.BytesIO()
    with pytest.raises(OSError, match="disk full"), sealed.Sealer(file, [NEW], HEADER) as out:
        out.write(bytes(2 * sealed.CHUNK))
        raise OSError("disk full")
    with pytest.raises(sealed.Damaged):
        unseal(file.getvalue())
