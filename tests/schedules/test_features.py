"""What the classifier sees of a message."""

from schedules import features


def names(text: str) -> set[str]:
    return {feature.name for feature in features.features(features.plain_words(text))}


def test_accents_capitals_and_apostrophes_make_no_difference() -> None:
    assert names("No puedo ORINAR, ¿está mal?") == names("no puedo orinar, ¿esta mal?")
    assert features.plain_words("can’t") == features.plain_words("cant")


def test_a_letter_written_three_times_is_one_of_two() -> None:
    assert features.plain_words("sooooo numb") == ["soo", "numb"]


def test_words_after_a_negation_are_denied_to_the_end_of_the_clause() -> None:
    assert {"not fever", "not chills"} <= names("no fever or chills")
    assert "not weeping" not in names("no fever, it is weeping")


def test_but_ends_a_denial() -> None:
    assert "not weeping" not in names("no fever but weeping")


def test_words_of_a_question_are_marked() -> None:
    assert "asked fever" in names("is it a fever?")
    assert "asked fever" not in names("it is a fever")


def test_a_number_is_read_as_what_it_may_mean() -> None:
    assert "word #fever" in names("temp 38,6")
    assert "word #fever" in names("101.5 since last night")
    assert "word #high" in names("pain 9/10")
    assert "word #low" in names("pain 2/10")


def test_a_feature_says_which_words_it_is_made_of() -> None:
    words = features.plain_words("numb foot today")
    pair = next(each for each in features.features(words) if each.name == "pair numb foot")
    assert [words[place] for place in pair.words] == ["numb", "foot"]


def test_an_empty_message_has_only_its_ends() -> None:
    assert names("") == {"pair < >"}
