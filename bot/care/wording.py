"""Sentences from the pathway with the clinic's values in them. Every weighty word a patient reads comes from there."""

from __future__ import annotations

from bot.cards import esc
from bot.care.clinic import Clinic
from schedules.pathway import Pathway


def text(pathway: Pathway, key: str, language: str, clinic: Clinic, **values: object) -> str:
    """The text `key` as card HTML, its placeholders filled. Raises KeyError for a text the pathway lacks."""
    return fill(pathway.texts[key].in_(language), clinic, **values)


def card(pathway: Pathway, key: str, language: str, clinic: Clinic, **values: object) -> str:
    """The action card `key` as card HTML, its placeholders filled."""
    return fill(pathway.cards[key].in_(language), clinic, **values)


def fill(template: str, clinic: Clinic, **values: object) -> str:
    """A template as card HTML: the clinic's numbers, its name as {clinic}, and `values`, all escaped."""
    known = {**clinic.values, "clinic": clinic.name, **values}
    return esc(template).format_map({key: esc(value) for key, value in known.items()})
