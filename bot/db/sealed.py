"""A file that only a holder of the clinic's key can read, written and read as a stream.

    magic · length of the header · header (JSON, in the clear) · [length · sealed chunk] …

Each file has a key of its own, from a Fernet key of the clinic and a random salt, so a chunk's number can be its
nonce. The number keeps chunks in order, a mark on the last one makes a truncated file be noticed, and the header is
authenticated with every chunk. The Fernet key is named by a digest, so that a rotated ring still opens the file.
"""

from __future__ import annotations

import base64
import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import AftercareError

MAGIC = b"AFTERCARE SEALED 1\n"
CHUNK = 1 << 20  # bytes sealed at once
_LENGTH = struct.Struct(">I")
_MOST = CHUNK + 16  # a sealed chunk with its tag
_HEADER_MOST = 1 << 16


class NotSealed(AftercareError):
    """This file is no backup of Aftercare, or its beginning is damaged. Take another one."""


class Damaged(AftercareError):
    """This file was changed or cut short after it was written. Nothing of it was used: take another one."""


class KeyUnknown(AftercareError):
    """None of the keys given opens this file: put the key of the time it was written into the key file."""


def key_name(key: str) -> str:
    """What a Fernet key is called in a header; says nothing about the key."""
    return _derive(key, b"", b"aftercare sealed file: name of the key", 8).hex()


class Sealer:
    """Seals what `write` is given into `file`, with the newest key. After an error the file has no end."""

    def __init__(self, file: BinaryIO, keys: Sequence[str], header: Mapping[str, Any]) -> None:
        salt = os.urandom(32)
        told = json.dumps({**header, "key": key_name(keys[0]), "salt": salt.hex()}, sort_keys=True).encode()
        self._file, self._number, self._waiting = file, 0, bytearray()
        self._cipher, self._bound = _cipher(keys[0], salt), MAGIC + told
        file.write(MAGIC + _LENGTH.pack(len(told)) + told)

    def write(self, data: bytes) -> None:
        """Add `data` at the end."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def __enter__(self) -> Sealer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._seal(bytes(self._waiting), last=True)

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), data, self._bound)
        self._number += 1
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)


def header(file: BinaryIO) -> dict[str, Any]:
    """What the file says of itself in the clear, not yet proven. Raises NotSealed."""
    return _read_header(file)[0]


def opened(file: BinaryIO, keys: Sequence[str]) -> Iterator[bytes]:
    """The content, piece by piece; each piece is proven, the whole only when the iterator ends.

    Raises NotSealed, KeyUnknown, Damaged.
    """
    told, bound = _read_header(file)
    key = next((key for key in keys if key_name(key) == told["key"]), None)
    if key is None:
        raise KeyUnknown
    cipher, number, last = _cipher(key, bytes.fromhex(told["salt"])), 0, False
    sealed = _next(file)
    while not last:
        if sealed is None:
            raise Damaged
        following = _next(file)
        last = following is None
        try:
            yield cipher.decrypt(_nonce(number, last=last), sealed, bound)
        except InvalidTag:
            raise Damaged from None
        number, sealed = number + 1, following


def _read_header(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise NotSealed
    try:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        text = file.read(min(length, _HEADER_MOST))
        told: dict[str, Any] = json.loads(text)
        bytes.fromhex(told["salt"]), str(told["key"])
    except (struct.error, ValueError, KeyError, TypeError):
        raise NotSealed from None
    return told, MAGIC + text


def _next(file: BinaryIO) -> bytes | None:
    """The next sealed chunk, or None at the end of the file."""
    prefix = file.read(_LENGTH.size)
    if not prefix:
        return None
    if len(prefix) < _LENGTH.size:
        raise Damaged
    (length,) = _LENGTH.unpack(prefix)
    sealed = file.read(length) if length <= _MOST else b""
    if len(sealed) != length:
        raise Damaged
    return sealed


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cipher(key: str, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_derive(key, salt, b"aftercare sealed file: key 1", 32))


def _derive(key: str, salt: bytes, purpose: bytes, length: int) -> bytes:
    derive = HKDF(algorithm=hashes.SHA256(), length=length, salt=salt or None, info=purpose)
    return derive.derive(base64.urlsafe_b64decode(key))
