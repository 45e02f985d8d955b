"""Files: what is uploaded, how Telegram describes it, and where it is fetched from."""

from __future__ import annotations

import struct
from typing import Any

from bot.sandbox import parameters, refusals, world

Json = dict[str, Any]

MEGABYTE = 1024 * 1024
MAX_UPLOAD = {"photo": 10 * MEGABYTE, "document": 50 * MEGABYTE, "voice": 50 * MEGABYTE}
MAX_DOWNLOAD = 20 * MEGABYTE
FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice", "sticker": "stickers"}
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
UNKNOWN_SIZE = (800, 600)


def receive(here: world.World, call: parameters.Parameters, kind: str) -> world.StoredFile:
    """The file of a call: uploaded with it, or one already known by its file_id. Raises Refusal."""
    given = call.text(kind)
    upload = call.files.get(given.removeprefix("attach://")) if given.startswith("attach://") else None
    upload = upload or call.files.get(kind)
    if upload is None:
        return _known(here, given, kind)
    if not upload.content:
        raise refusals.bad_request("file must be non-empty")
    if len(upload.content) > MAX_UPLOAD[kind]:
        raise refusals.Refusal(413, "Request Entity Too Large")
    if kind == "photo" and not upload.content.startswith(PICTURES):
        raise refusals.bad_request("IMAGE_PROCESS_FAILED")
    return here.store(name=upload.name, mime=upload.mime, folder=FOLDERS[kind], content=upload.content)


def _known(here: world.World, given: str, kind: str) -> world.StoredFile:
    if not given:
        raise refusals.bad_request(f"there is no {kind} in the request")
    if given.startswith(("http://", "https://")):
        raise refusals.bad_request("failed to get HTTP URL content")
    if given not in here.files:
        raise refusals.bad_request("wrong remote file identifier specified: Wrong string length")
    return here.files[given]


def _reference(stored: world.StoredFile) -> Json:
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.content),
    }


def _size(content: bytes) -> tuple[int, int]:
    if content.startswith(PICTURES[0]) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    return UNKNOWN_SIZE


def photo(stored: world.StoredFile) -> Json:
    """The `photo` part of a message."""
    width, height = _size(stored.content)
    return {"photo": [{**_reference(stored), "width": width, "height": height}]}


def document(stored: world.StoredFile) -> Json:
    """The `document` part of a message."""
    return {"document": {**_reference(stored), "file_name": stored.name, "mime_type": stored.mime}}


def voice(stored: world.StoredFile) -> Json:
    """The `voice` part of a message."""
    return {"voice": {**_reference(stored), "duration": 3, "mime_type": stored.mime}}


def sticker(stored: world.StoredFile) -> Json:
    """The `sticker` part of a message."""
    shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {"sticker": {**_reference(stored), **shape, "emoji": "👍"}}


def get_file(here: world.World, call: parameters.Parameters) -> Json:
    """getFile."""
    given = call.text("file_id")
    if not given:
        raise refusals.bad_request("file_id not specified")
    if given not in here.files:
        raise refusals.bad_request("invalid file_id")
    stored = here.files[given]
    if len(stored.content) > MAX_DOWNLOAD:
        raise refusals.bad_request("file is too big")
    return {**_reference(stored), "file_path": stored.path}


def at(here: world.World, path: str) -> world.StoredFile | None:
    """The file stored under a path, if any."""
    return next((stored for stored in here.files.values() if stored.path == path), None)


METHODS = {"getFile": get_file}
