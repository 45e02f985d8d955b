"""A pathway written as its YAML files; `catalog.load_files` reads them back as an equal pathway."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from schedules import assembly
from schedules.pathway import DEFAULT_LANGUAGE, Pathway

_WIDTH = 4000
"""A text stays on one line: easier to search, edit and compare."""
_LONG_LIST = 12
_PLAIN = re.compile(r"[a-z][a-z0-9_]*|[A-Z][A-Z0-9_]+")
_BOOLEANS_OF_YAML_1_1 = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_FLOW_UNDER = ("when", "ask_if", "late", "sources", "checkins", "synonyms", "aliases", "tell", "reminders_h")


def files(pathway: Pathway) -> dict[str, str]:
    """File name to YAML text."""
    content = pathway.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    languages: Mapping[str, Any] = content["freetext"].pop("languages")
    classifier = content["freetext"].pop("classifier", None)
    written = {
        assembly.MAIN: _yaml({key: _in_language(value, DEFAULT_LANGUAGE) for key, value in content.items()}),
    }
    if classifier is not None:
        written[assembly.CLASSIFIER] = json.dumps(classifier, indent=1)
    for language in pathway.languages:
        written[assembly.words_file(language)] = _yaml(languages[language])
        if language != DEFAULT_LANGUAGE:
            written[assembly.translation_file(language)] = _yaml(_translation(content, language))
    return written


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and DEFAULT_LANGUAGE in value and all(len(key) <= 3 for key in value)


def _in_language(value: Any, language: str) -> Any:
    """The content with one language's text, or synonyms, in place of all."""
    if _is_texts(value):
        return value[language]
    if isinstance(value, dict):
        kept = {key: _in_language(item, language) for key, item in value.items() if key != "synonyms"}
        if language in value.get("synonyms", {}):
            kept["synonyms"] = value["synonyms"][language]
        return kept
    if isinstance(value, list):
        return [_in_language(item, language) for item in value]
    return value


def _translation(content: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "title": content["title"][language],
        "checkins": {item["id"]: item["title"][language] for item in content["schedule"]["checkins"]},
        "procedures": {item["id"]: item["title"][language] for item in content["procedures"]},
        "questions": {item["id"]: _question(item, language) for item in content["questions"]},
        **{
            section: {key: texts[language] for key, texts in content[section].items()}
            for section in ("cards", "selfcare", "texts")
        },
        "consent": content["consent"]["text"][language],
        "rescreen": _question(content["rescreen"], language),
    }


def _question(item: Mapping[str, Any], language: str) -> dict[str, Any]:
    options = [*item.get("options", ()), *item.get("special", ())]
    translated: dict[str, Any] = {key: item[key][language] for key in ("text", "again") if key in item}
    if options:
        translated["options"] = {option["id"]: _option(option, language) for option in options}
    return translated


def _option(option: Mapping[str, Any], language: str) -> dict[str, Any]:
    own = option.get("synonyms", {}).get(language)
    return {"text": option["text"][language], **({"synonyms": own} if own else {})}


def _yaml(content: Mapping[str, Any]) -> str:
    yaml: Any = YAML()
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_styled(content), stream)
    return stream.getvalue()


def _styled(value: Any, *, flow: bool = False) -> Any:
    """The same content with short things written on one line."""
    if isinstance(value, dict):
        mapping = CommentedMap((key, _styled(item, flow=flow or key in _FLOW_UNDER)) for key, item in value.items())
        if flow or _is_short(value):
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(_styled(item, flow=flow) for item in value)
        if flow or (len(value) <= _LONG_LIST and all(isinstance(item, str | int | float) for item in value)):
            sequence.fa.set_flow_style()
        return sequence
    return _quoted(value) if isinstance(value, str) else value


def _quoted(text: str) -> Any:
    if "\n" in text:
        return LiteralScalarString(text)
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _BOOLEANS_OF_YAML_1_1
    return text if plain else DoubleQuotedScalarString(text)


def _is_short(value: Mapping[str, Any]) -> bool:
    """An option, rung or event: an id and a few plain values."""
    return "rank" in value or "after_min" in value or set(value) == {"text", "synonyms"}
