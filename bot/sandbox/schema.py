"""Checks calls and objects against the Bot API's own description as data (methods, parameters, types).

The description is JSON in the form of the public telegram-bot-api-spec project: `methods` and `types`, each with
`fields` of `name`, `types`, `required`, or `subtypes`. It is read from a path the caller gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ARRAY = "Array of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Where something departs from the Bot API, and how."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "Integer": _is_integer,
    "Float": lambda value: _is_integer(value) or isinstance(value, float),
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "True": lambda value: value is True,
    "InputFile": lambda value: isinstance(value, str),
}


class Description:
    """The Bot API as data."""

    def __init__(self, data: Json) -> None:
        self.version = str(data.get("version", "unknown"))
        self._methods: Json = data["methods"]
        self._types: Json = data["types"]

    @classmethod
    def read(cls, path: Path) -> Description:
        """Read a description. Raises OSError, ValueError or KeyError when it is none."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def call(self, method: str, values: Mapping[str, Any], files: tuple[str, ...] = ()) -> list[Violation]:
        """What is wrong with a call: the method, a parameter that is unknown, missing or of another type."""
        if method not in self._methods:
            return [Violation(where=method, what="no such method")]
        fields = {entry["name"]: entry for entry in self._methods[method].get("fields", [])}
        found = [
            Violation(where=f"{method}.{name}", what="required parameter is missing")
            for name, entry in fields.items()
            if entry["required"] and name not in values and name not in files
        ]
        for name, value in values.items():
            where = f"{method}.{name}"
            if name not in fields:
                found.append(Violation(where=where, what="no such parameter"))
            else:
                found += self._sent(fields[name]["types"], value, where)
        attached = {v.removeprefix("attach://") for v in values.values() if isinstance(v, str)}
        found += [
            Violation(where=f"{method}.{name}", what="no such file parameter")
            for name in files
            if name not in fields and name not in attached
        ]
        return found

    def result(self, method: str, value: Any) -> list[Violation]:
        """What is wrong with the result of a method."""
        if method not in self._methods:
            return [Violation(where=method, what="no such method")]
        return self._any(self._methods[method]["returns"], value, method)

    def object(self, kind: str, value: Any) -> list[Violation]:
        """What is wrong with a value of the type `kind`."""
        return self._one(kind, value, kind)

    def _sent(self, kinds: list[str], value: Any, where: str) -> list[Violation]:
        """A parameter may come as a string that holds another type."""
        if not isinstance(value, str) or "String" in kinds or "InputFile" in kinds:
            return self._any(kinds, value, where)
        try:
            decoded = json.loads(value)
        except ValueError:
            return [Violation(where=where, what=f"{value[:40]!r} is no {' or '.join(kinds)}")]
        return self._any(kinds, decoded, where)

    def _any(self, kinds: list[str], value: Any, where: str) -> list[Violation]:
        """Nothing when one of the kinds fits, else what is wrong with the nearest."""
        attempts = [self._one(kind, value, where) for kind in kinds]
        return min(attempts, key=len, default=[])

    def _one(self, kind: str, value: Any, where: str) -> list[Violation]:
        if kind.startswith(ARRAY):
            if not isinstance(value, list):
                return [Violation(where=where, what=f"{_shown(value)} is no {kind}")]
            inner = kind.removeprefix(ARRAY)
            return [v for n, item in enumerate(value) for v in self._one(inner, item, f"{where}[{n}]")]
        if kind in PRIMITIVES:
            fits = PRIMITIVES[kind](value)
            return [] if fits else [Violation(where=where, what=f"{_shown(value)} is no {kind}")]
        if kind not in self._types:
            return [Violation(where=where, what=f"the description has no type {kind}")]
        described = self._types[kind]
        if described.get("subtypes"):
            return self._any(described["subtypes"], value, where)
        return self._fields(kind, described.get("fields", []), value, where)

    def _fields(self, kind: str, fields: list[Json], value: Any, where: str) -> list[Violation]:
        if not isinstance(value, dict):
            return [Violation(where=where, what=f"{_shown(value)} is no {kind}")]
        known = {entry["name"]: entry for entry in fields}
        found = [
            Violation(where=f"{where}.{name}", what=f"required in {kind}, missing")
            for name, entry in known.items()
            if entry["required"] and name not in value
        ]
        for name, inner in value.items():
            if name in known:
                found += self._any(known[name]["types"], inner, f"{where}.{name}")
            else:
                found.append(Violation(where=f"{where}.{name}", what=f"{kind} has no such field"))
        return found


def _shown(value: Any) -> str:
    return repr(value)[:60]
