"""The example messages of the classifier."""

import itertools
from pathlib import Path

import pytest

from schedules import catalog, sentences
from schedules.problems import PathwayError
from schedules.sentences import Sentence

FOLDER = catalog.shipped_folder()
CATEGORIES = [category.id for category in catalog.shipped().freetext.categories]


def test_a_file_holds_one_message_a_line_and_comments() -> None:
    read = sentences.read({("en", "fever"): "# carers\n burning up \n\nshivering\n"})
    assert [one.text for one in read] == ["burning up", "shivering"]
    assert read[0] == Sentence(label="fever", language="en", text="burning up")


def test_a_label_that_is_no_category_is_a_fault() -> None:
    found = sentences.faults([Sentence(label="fevre", language="en", text="burning up")], CATEGORIES)
    assert found == ["fevre is no category of the pathway: rename the file."]


def test_a_message_written_twice_is_a_fault_whatever_its_capitals() -> None:
    twice = [Sentence(label="fever", language="en", text=text) for text in ("burning up", "Burning  up")]
    assert sentences.faults(twice, CATEGORIES) == ['"burning up" stands here 2 times: keep one.']


def test_a_message_of_another_set_is_a_fault() -> None:
    one = Sentence(label="fever", language="en", text="burning up")
    assert sentences.faults([one], CATEGORIES, [one]) == ['"burning up" stands in another set too: take it out of one.']


@pytest.mark.parametrize("name", sentences.SETS)
def test_the_shipped_sentences_have_no_fault(name: str) -> None:
    assert sentences.faults(catalog.read_sentences(FOLDER, name), CATEGORIES) == []


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(sentences.SETS, 2)))
def test_no_message_stands_in_two_sets(one: str, other: str) -> None:
    texts = [{each.text.casefold() for each in catalog.read_sentences(FOLDER, name)} for name in (one, other)]
    assert texts[0] & texts[1] == set()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_category_has_over_a_hundred_messages_to_learn_from(language: str) -> None:
    taught = [one.label for one in catalog.read_sentences(FOLDER, "train") if one.language == language]
    assert [name for name in CATEGORIES if taught.count(name) < 100] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_as_many_messages_that_must_not_flag_as_ones_that_must(language: str) -> None:
    calm = [one.calm for one in catalog.read_sentences(FOLDER, "train") if one.language == language]
    assert calm.count(True) > 0.7 * calm.count(False)


def test_a_folder_without_sentences_says_how_to_write_them(tmp_path: Path) -> None:

    with pytest.raises(PathwayError, match=r"No sentences here\. Write one message a line"):
        catalog.read_sentences(tmp_path, "train")
