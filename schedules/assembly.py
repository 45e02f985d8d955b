"""The files of a pathway put together: English structure, translations by id, word lists by language.

`pathway.yaml` holds the structure with its English texts, `<language>.yaml` the same texts in another language
under the same ids, `freetext.<language>.yaml` the words of the free-text net.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schedules import documents
from schedules.documents import Document, Path, Value
from schedules.levels import DEFAULT_LANGUAGE
from schedules.problems import Flaw, Problem

MAIN = "pathway.yaml"
CLASSIFIER = "classifier.json"
"""The weights of the trained net; written by `aftercare pathway train`, not by hand. A pathway may lack it."""
NOT_CONTENT = ("examples.yaml",)


@dataclass(slots=True)
class Assembly:
    """The content as one value in the shape of `Pathway`, and where each piece of it came from."""

    documents: dict[str, Document]
    content: dict[str, Value] = field(default_factory=dict)

    @property
    def languages(self) -> list[str]:
        """The languages the main file names."""
        found = self.content.get("languages")
        return list(dict.fromkeys(item for item in found if isinstance(item, str))) if isinstance(found, list) else []

    @property
    def problems(self) -> list[Problem]:
        """Everything noted in any file so far."""
        return [problem for document in self.documents.values() for problem in document.problems]

    def note(self, flaw: Flaw) -> None:
        """Trace a flaw of the assembled content to its file and line, and note it there."""
        file, path = self._origin(flaw.path)
        document = self.documents.get(file) or self.documents[MAIN]
        document.add(document.nearest(path), flaw.what, flaw.remedy)

    def _origin(self, path: Path) -> tuple[str, Path]:
        if path[:2] == ("freetext", "classifier"):
            return CLASSIFIER, ()
        if path[:2] == ("freetext", "languages") and len(path) > 2:
            return words_file(str(path[2])), path[3:]
        language = path[-1] if path else None
        if language == DEFAULT_LANGUAGE:
            return MAIN, path[:-1]
        if language in self.languages:
            return translation_file(str(language)), _by_id(self.content, path[:-1])
        return MAIN, path


def translation_file(language: str) -> str:
    """The file of a language's texts; English texts stand in the main file."""
    return MAIN if language == DEFAULT_LANGUAGE else f"{language}.yaml"


def words_file(language: str) -> str:
    """The file of a language's words for the free-text net."""
    return f"freetext.{language}.yaml"


def assemble(files: Mapping[str, str]) -> Assembly:
    """Read and join the files. What is missing or does not fit is noted as a problem, and left out."""
    assembly = Assembly({})
    main = documents.read(MAIN, files[MAIN]) if MAIN in files else Document(MAIN)
    assembly.documents[MAIN] = main
    if MAIN not in files:
        main.add((), "The file is missing.", f"A pathway needs a file called {MAIN}.")
    content = main.value if isinstance(main.value, dict) else {}
    if MAIN in files and not isinstance(main.value, dict) and not main.problems:
        main.add((), "The file is not a mapping.", "Write keys such as id:, questions: and rules:.")
    assembly.content = content
    languages = assembly.languages
    for language in languages:
        _add_words(assembly, files, language)
    _add_classifier(assembly, files)
    texts = [language for language in languages if language != DEFAULT_LANGUAGE]
    translations = {language: _translation(assembly, files, language) for language in texts}
    _join_texts(assembly, translations)
    known = {MAIN, *NOT_CONTENT, *map(words_file, languages), *map(translation_file, languages)}
    for stranger in sorted(name for name in files if name.endswith((".yaml", ".yml")) and name not in known):
        document = Document(stranger)
        document.add((), "No language of this pathway uses this file.", f"Add the language to {MAIN}, or delete it.")
        assembly.documents[stranger] = document
    return assembly


def _read_part(assembly: Assembly, files: Mapping[str, str], name: str) -> dict[str, Value]:
    document = documents.read(name, files[name]) if name in files else Document(name)
    assembly.documents[name] = document
    if name not in files:
        document.add((), "The file is missing.", "Every language in pathway.yaml needs it.")
    elif not isinstance(document.value, dict) and not document.problems:
        document.add((), "The file is not a mapping.", "Write keys and values.")
    return document.value if isinstance(document.value, dict) else {}


def _add_words(assembly: Assembly, files: Mapping[str, str], language: str) -> None:
    words = _read_part(assembly, files, words_file(language))
    freetext = assembly.content.get("freetext")
    if isinstance(freetext, dict):
        by_language = freetext.setdefault("languages", {})
        if isinstance(by_language, dict):
            by_language[language] = words


def _add_classifier(assembly: Assembly, files: Mapping[str, str]) -> None:
    freetext = assembly.content.get("freetext")
    if CLASSIFIER not in files or not isinstance(freetext, dict):
        return
    document = Document(CLASSIFIER)
    assembly.documents[CLASSIFIER] = document
    try:
        freetext["classifier"] = json.loads(files[CLASSIFIER])
    except ValueError as error:
        document.add((), f"This is no JSON: {error}.", "Train again, or delete the file.")


def _translation(assembly: Assembly, files: Mapping[str, str], language: str) -> Document:
    _read_part(assembly, files, translation_file(language))
    return assembly.documents[translation_file(language)]


def _join_texts(assembly: Assembly, translations: Mapping[str, Document]) -> None:
    wanted: dict[str, set[Path]] = {language: set() for language in translations}
    for holder, key, path in list(_text_places(assembly.content)):
        english = holder[key]
        if not isinstance(english, str):
            assembly.documents[MAIN].add(path, "This is not a text.", "Put the words in quotes.")
            english = "?"
        texts: dict[str, Value] = {DEFAULT_LANGUAGE: english}
        for language, document in translations.items():
            place = _by_id(assembly.content, path)
            wanted[language].add(place)
            texts[language] = _translated(document, place)
        holder[key] = texts
    for language, document in translations.items():
        _join_synonyms(assembly.content, language, document)
        _note_strangers(document, wanted[language])


def _translated(document: Document, place: Path) -> Value:
    node = _at(document.value, place)
    if isinstance(node, dict) and "text" in node:
        node = node["text"]
    if isinstance(node, str):
        return node
    if isinstance(document.value, dict):
        name = ".".join(map(str, place))
        what = "This is not a text." if node is not None else f"The translation of {name} is missing."
        document.add(document.nearest(place), what, f"Write the text of {name} here.")
    return "?"


def _join_synonyms(content: dict[str, Value], language: str, document: Document) -> None:
    for option, path in _options(content):
        found = _at(document.value, _by_id(content, path))
        more = found.get("synonyms") if isinstance(found, dict) else None
        own = option.get("synonyms")
        joined: dict[str, Value] = own if isinstance(own, dict) else {}
        if own is not None and not isinstance(own, dict):
            joined = {DEFAULT_LANGUAGE: own}
        if more is not None:
            joined[language] = more
        option["synonyms"] = joined


def _note_strangers(document: Document, wanted: set[Path]) -> None:
    allowed = {place[:length] for place in wanted for length in range(1, len(place) + 1)}
    reported: set[Path] = set()
    for path in document.lines:
        of_an_option = path[-1:] == ("text",) and path[:-1] in wanted
        if not path or path in allowed or of_an_option or "synonyms" in path:
            continue
        if not any(path[:length] in reported for length in range(1, len(path))):
            reported.add(path)
            document.add(path, "Nothing in pathway.yaml has this id.", "Correct the id, or delete the text.")


def _text_places(content: dict[str, Value]) -> Iterator[tuple[dict[str, Value], str, Path]]:
    """Every text of the main file: the mapping that holds it, its key, and its path."""
    if "title" in content:
        yield content, "title", ("title",)
    for section in ("cards", "selfcare", "texts"):
        texts = content.get(section)
        for key in texts if isinstance(texts, dict) else ():
            yield texts, key, (section, key)  # type: ignore[misc]  # the loop is empty unless texts is a mapping
    consent = content.get("consent")
    if isinstance(consent, dict) and "text" in consent:
        yield consent, "text", ("consent", "text")
    titled: tuple[tuple[Path, str], ...] = (
        (("schedule", "checkins"), "title"),
        (("procedures",), "title"),
        (("questions",), "text"),
        (("questions",), "again"),
    )
    for path, key in titled:
        yield from _item_texts(content, path, key)
    rescreen = content.get("rescreen")
    if isinstance(rescreen, dict) and "text" in rescreen:
        yield rescreen, "text", ("rescreen", "text")
    for option, path in _options(content):
        if "text" in option:
            yield option, "text", (*path, "text")


def _item_texts(content: dict[str, Value], path: Path, key: str) -> Iterator[tuple[dict[str, Value], str, Path]]:
    items = _at(content, path)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and key in item:
            yield item, key, (*path, index, key)


def _options(content: dict[str, Value]) -> Iterator[tuple[dict[str, Value], Path]]:
    questions = content.get("questions")
    places: list[Path] = [("rescreen", "options")]
    for index in range(len(questions) if isinstance(questions, list) else 0):
        places += [("questions", index, "options"), ("questions", index, "special")]
    for place in places:
        options = _at(content, place)
        for index, option in enumerate(options if isinstance(options, list) else ()):
            if isinstance(option, dict):
                yield option, (*place, index)


def _at(value: Value, path: Path) -> Value:
    for segment in path:
        if isinstance(value, list) and isinstance(segment, int):
            value = value[segment] if segment < len(value) else None
        else:
            value = value.get(segment) if isinstance(value, dict) and isinstance(segment, str) else None
    return value


def _by_id(content: dict[str, Value], path: Path) -> Path:
    """A path of the main file as a translation writes it: ids for list indexes, no wrapping keys."""
    place: list[str | int] = []
    for length, segment in enumerate(path, start=1):
        if isinstance(segment, int):
            item = _at(content, path[:length])
            name = item.get("id") if isinstance(item, dict) else None
            place.append(name if isinstance(name, str) else segment)
        else:
            place.append("options" if segment == "special" else segment)
    if place[:1] == ["schedule"]:
        place = place[1:]
    if place[-1:] in (["text"], ["title"]) and place[:-1] and place != ["rescreen", "text"] and not _is_question(place):
        place = place[:-1]
    return tuple(place)


def _is_question(place: list[str | int]) -> bool:
    return place[0] == "questions" and len(place) == 3
