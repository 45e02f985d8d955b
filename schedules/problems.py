"""What is wrong with a pathway's files, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault. `line` counts from 1; `field` is a path such as `rules[ces_bladder].when`."""

    file: str
    line: int
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        field = f" {self.field}:" if self.field else ""
        return f"{self.file}:{self.line}:{field} {self.what} {self.remedy}"


class PathwayError(ValueError):
    """These files are no pathway; every problem found is listed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A fault found in the assembled content, before it is traced to a file and line.

    `path` holds keys and list indexes, e.g. `("rules", 3, "when")`; a text in one language ends in the language.
    """

    path: tuple[str | int, ...]
    what: str
    remedy: str
