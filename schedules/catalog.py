"""Pathways and their YAML files. The only file here that reads from disk.

Reading checks the shape: every key, id, reference, translation, placeholder and length. Every problem found is
listed, each with its file, line, field and remedy.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schedules import assembly, checks, sentences, writing
from schedules.pathway import Pathway
from schedules.problems import Flaw, PathwayError, Problem
from schedules.sentences import Sentence

__all__ = [
    "SOURCES",
    "PathwayError",
    "Problem",
    "dump",
    "load",
    "load_files",
    "names",
    "read_folder",
    "read_sentences",
    "shipped",
    "shipped_files",
    "shipped_folder",
    "sources",
    "traced",
]

SOURCES = "SOURCES.md"
"""Beside a pathway's files: where its content comes from, and what its examples cannot show."""

_SHIPPED = Path(__file__).parent / "pathways"
_DEFAULT = "lumbar_surgery"

_REMEDIES = {
    "extra_forbidden": ("This key is not known.", "Correct its spelling, or delete it."),
    "string_type": ("This must be a text.", "Put it in quotes."),
    "int_type": ("This must be a whole number.", "Write digits without quotes."),
    "int_from_float": ("This must be a whole number.", "Write it without a fraction."),
    "float_type": ("This must be a number.", "Write digits without quotes."),
    "bool_type": ("This must be true or false.", "Write true or false."),
    "tuple_type": ("This must be a list.", "Write it as [one, two] or one item per line."),
    "dict_type": ("This must be a mapping.", "Write keys and values."),
    "model_type": ("This must be a mapping.", "Write keys and values."),
}


def load(folder: Path) -> Pathway:
    """The pathway written in `folder`. Raises PathwayError that lists every problem."""
    return load_files(read_folder(folder))


def load_files(files: Mapping[str, str]) -> Pathway:
    """The pathway written in `files`: file name to YAML text. Raises PathwayError that lists every problem."""
    parts = assembly.assemble(files)
    pathway = None
    if parts.content:
        try:
            pathway = Pathway.model_validate_json(json.dumps(parts.content), strict=True)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                parts.note(_flaw(detail))
    if pathway is not None:
        for flaw in checks.flaws(pathway):
            parts.note(flaw)
    if parts.problems or pathway is None:
        raise PathwayError(_sorted(parts.problems))
    return pathway


def traced(files: Mapping[str, str], flaws: Iterable[Flaw]) -> tuple[Problem, ...]:
    """Flaws of the pathway written in `files`, each with its file and line. The files must be readable."""
    found = list(flaws)
    if not found:
        return ()
    parts = assembly.assemble(files)
    for flaw in found:
        parts.note(flaw)
    return _sorted(parts.problems)


def names() -> tuple[str, ...]:
    """The pathways that come with the program."""
    return tuple(sorted(folder.name for folder in _SHIPPED.iterdir() if (folder / assembly.MAIN).is_file()))


@functools.cache
def shipped(name: str = _DEFAULT) -> Pathway:
    """The pathway `name` that comes with the program. Raises PathwayError when there is none."""
    return load_files(shipped_files(name))


def shipped_files(name: str = _DEFAULT) -> dict[str, str]:
    """Its files: name to text. Raises PathwayError when there is no such pathway."""
    if name not in names():
        remedy = f"Known pathways: {', '.join(names())}. A folder of your own is given with its path, e.g. ./{name}."
        raise PathwayError((Problem(file=name, line=1, field="", what="No such pathway.", remedy=remedy),))
    return read_folder(_SHIPPED / name)


def shipped_folder(name: str = _DEFAULT) -> Path:
    """Where the pathway `name` lies that comes with the program."""
    return _SHIPPED / name


def sources(folder: Path) -> str:
    """The SOURCES.md of a folder; empty when there is none. Raises PathwayError when it cannot be read."""
    try:
        return (folder / SOURCES).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        what, remedy = f"The file cannot be read: {error}.", "Save it as UTF-8 text that this user may read."
        raise PathwayError((Problem(file=SOURCES, line=1, field="", what=what, remedy=remedy),)) from error


def dump(pathway: Pathway) -> dict[str, str]:
    """The files that `load_files` reads back as an equal pathway: name to YAML text. Comments are not kept."""
    return writing.files(pathway)


def read_folder(folder: Path) -> dict[str, str]:
    """The YAML files of `folder`: name to text. Raises PathwayError when they cannot be read."""
    if not folder.is_dir():
        problem = Problem(file=str(folder), line=1, field="", what="No such folder.", remedy="Check the path.")
        raise PathwayError((problem,))
    files, problems = {}, []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob(assembly.CLASSIFIER)]):
        try:
            files[path.name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            remedy = "Save it as UTF-8 text that this user may read."
            what = f"The file cannot be read: {error}."
            problems.append(Problem(file=path.name, line=1, field="", what=what, remedy=remedy))
    if problems:
        raise PathwayError(tuple(problems))
    return files


def read_sentences(folder: Path, name: str) -> tuple[Sentence, ...]:
    """The example messages of one set (`sentences.SETS`) of the pathway in `folder`. Raises PathwayError."""
    root = folder / "sentences" / name
    files = {(path.parent.name, path.stem): path for path in sorted(root.glob("*/*.txt"))}
    try:
        found = sentences.read({key: path.read_text(encoding="utf-8") for key, path in files.items()})
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(
            file=str(root), line=1, field="", what=f"It cannot be read: {error}.", remedy="Save it as UTF-8."
        )
        raise PathwayError((problem,)) from error
    if not found:
        remedy = "Write one message a line in <language>/<category>.txt; calm_….txt for those that must not flag."
        raise PathwayError((Problem(file=str(root), line=1, field="", what="No sentences here.", remedy=remedy),))
    return found


def _flaw(detail: ErrorDetails) -> Flaw:
    if detail["type"] == "missing":
        return Flaw(path=detail["loc"][:-1], what=f"The key {detail['loc'][-1]} is missing.", remedy="Add it.")
    what, remedy = _REMEDIES.get(detail["type"], (f"{detail['msg']}.", "Correct it."))
    return Flaw(path=detail["loc"], what=what, remedy=remedy)


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.file != assembly.MAIN, problem.file, problem.line)))
