"""YAML 1.2 texts read as plain values that remember their lines. Never raises on bad YAML: it says what is wrong."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schedules.problems import Problem

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]

_MAX_CHARACTERS = 500_000
_MAX_DEPTH = 40
_MAX_BRACKETS = 200
"""Open at once. The reader takes quadratic time in them, so far more than any pathway needs is refused unread."""
_TRUE = {"true", "True", "TRUE"}


@dataclass(slots=True)
class Document:
    """One file: its value, the line of every key and item, and the problems met while reading."""

    file: str
    value: Value = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of what stands at `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def nearest(self, path: Path) -> Path:
        """`path` without the segments that this file does not have."""
        node, found = self.value, []
        for segment in path:
            inside = isinstance(node, dict) and segment in node
            if inside or (isinstance(node, list) and isinstance(segment, int) and segment < len(node)):
                node = node[segment]  # type: ignore[index]  # the test above fits key to container
                found.append(segment)
        return tuple(found)

    def name(self, path: Path) -> str:
        """`path` as people read it: list items by their id."""
        node, words = self.value, ""
        for segment in path:
            if isinstance(segment, int):
                node = node[segment] if isinstance(node, list) and segment < len(node) else None
                label = node.get("id") if isinstance(node, dict) else None
                words += f"[{label if isinstance(label, str) else segment}]"
            else:
                node = node.get(segment) if isinstance(node, dict) else None
                words += f".{segment}" if words else segment
        return words

    def add(self, path: Path, what: str, remedy: str) -> None:
        """Note a problem at `path`."""
        self.problems.append(
            Problem(file=self.file, line=self.line(path), field=self.name(path), what=what, remedy=remedy)
        )


def read(file: str, text: str) -> Document:
    """`text` as a document; what cannot be read is None and a problem."""
    document = Document(file)
    if len(text) > _MAX_CHARACTERS:
        document.add((), f"The file has over {_MAX_CHARACTERS:,} characters.", "Split it or shorten it.")
        return document
    if _brackets(text) > _MAX_BRACKETS:
        document.add((), "The brackets are nested too deeply.", "Close the brackets; nothing needs so many.")
        return document
    try:
        node = YAML(typ="safe").compose(text)  # eight times faster than the reader in Python, and the same nodes
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"This is not YAML: {error.problem or error.context or 'it cannot be read'}."
        remedy = "Look at this line and the one above: spaces, quotes, brackets, colons."
        document.problems.append(Problem(file=file, line=line, field="", what=what, remedy=remedy))
        return document
    except (YAMLError, RecursionError, ValueError) as error:
        document.add((), f"This is not YAML: {str(error)[:200]}.", "Check the file's letters and nesting.")
        return document
    if node is None:
        document.add((), "The file is empty.", "Put the content back.")
        return document
    reader = _Reader(document)
    document.value = reader.convert(node, ())
    for path, what, remedy in reader.faults:
        document.add(path, what, remedy)
    return document


def _brackets(text: str) -> int:
    """The most brackets open at once, wherever they stand."""
    steps = (1 if letter in "[{" else -1 for letter in text if letter in "[{]}")
    return max(itertools.accumulate(steps), default=0)


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()
        self.faults: list[tuple[Path, str, str]] = []

    def fault(self, path: Path, what: str, remedy: str) -> None:
        """Note a fault; it is named once the whole value is there."""
        self.faults.append((path, what, remedy))

    def convert(self, node: Node, path: Path) -> Value:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.fault(path, "A YAML alias (*name) is used.", "Write the content out.")
            return None
        self.seen.add(id(node))
        if len(path) > _MAX_DEPTH:
            self.fault(path, "This is nested too deeply.", "Nothing in a pathway needs so many levels.")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.convert(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> Value:
        result: dict[str, Value] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or not isinstance(key, str):
                self.document.lines[(*path, "?")] = line
                self.fault((*path, "?"), "A key is not a plain word.", "Use a word as the key.")
                continue
            if key in result:
                self.document.lines[(*path, key)] = line
                self.fault((*path, key), "This key stands here twice.", "Delete or rename one of them.")
                continue
            self.document.lines[(*path, key)] = line
            result[key] = self.convert(value_node, (*path, key))
        return result

    def _scalar(self, node: Node, path: Path) -> Value:
        text = str(node.value)
        kind = str(node.tag).rpartition(":")[2]
        if kind == "null":
            return None
        if kind == "bool":
            return text in _TRUE
        if kind in {"int", "float"}:
            number = _number(text, kind)
            if number is None:
                self.fault(path, f"{text} is no number that can be used.", "Write plain digits, or use quotes.")
            return number
        return text


def _number(text: str, kind: str) -> int | float | None:
    plain = text.replace("_", "")
    try:
        number = int(plain, 0 if plain[:2].lower() in {"0x", "0o"} else 10) if kind == "int" else float(plain)
        return number if math.isfinite(number) else None
    except (ValueError, OverflowError):
        return None
