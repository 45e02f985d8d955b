"""Training: the same sentences give the same classifier, and it learns what they say."""

import pytest

from schedules import catalog, classifier, freetext, training
from schedules.levels import Level
from schedules.sentences import Sentence

FEW = 1 << 12
LEVELS = {"fever": Level.URGENT, "fall": Level.REVIEW, "bleed": Level.EMERGENCY}
TAUGHT = {
    "fever": ["burning up and shivering", "temperature of 38.6", "tengo fiebre alta", "shivering under two duvets"],
    "fall": ["slipped on the stairs", "went over in the garden", "me caí en la ducha", "took a tumble off the kerb"],
    "bleed": ["blood is pouring from the wound", "vomiting blood", "vomito sangre", "the bleeding will not stop"],
    "calm_negation": ["no fever at all", "no bleeding", "ni fiebre ni sangre", "did not fall"],
    "calm_chatter": ["thank you so much", "the garden looks lovely", "muchas gracias", "see you on tuesday"],
}


def sentences() -> list[Sentence]:
    return [Sentence(label=label, language="en", text=text) for label, texts in TAUGHT.items() for text in texts]


@pytest.fixture(scope="module")
def trained() -> classifier.Classifier:
    return training.train(sentences(), LEVELS, FEW)  # its thresholds are 0: more likely than not


def test_the_order_of_the_sentences_does_not_change_a_byte(trained: classifier.Classifier) -> None:
    again = training.train(reversed(sentences()), LEVELS, FEW)
    assert again.weights == training.train(sentences(), LEVELS, FEW).weights
    assert again.trained_on == trained.trained_on


def test_another_sentence_gives_another_digest() -> None:
    more = [*sentences(), Sentence(label="fall", language="en", text="fell off a ladder")]
    assert training.digest(more) != training.digest(sentences())


@pytest.mark.parametrize(
    ("text", "level", "category"),
    [
        ("burning up and shivering with it", Level.URGENT, "fever"),
        ("slipped on the garden stairs", Level.REVIEW, "fall"),
        ("blood pouring, it will not stop", Level.EMERGENCY, "bleed"),
    ],
)
def test_it_learns_the_level_and_the_category(
    trained: classifier.Classifier, text: str, level: Level, category: str
) -> None:
    judged = classifier.judge(trained, text, LEVELS)
    assert (judged.level, judged.categories) == (level, (category,))


@pytest.mark.parametrize("text", ["no fever at all, no bleeding", "thank you so much"])
def test_it_leaves_calm_messages_alone(trained: classifier.Classifier, text: str) -> None:
    assert classifier.judge(trained, text, LEVELS).level is Level.ROUTINE


def test_it_names_the_words_that_spoke_for_the_level(trained: classifier.Classifier) -> None:
    assert "shivering" in classifier.judge(trained, "i am shivering under duvets", LEVELS).words


def test_a_sign_in_a_long_message_is_not_drowned(trained: classifier.Classifier) -> None:
    chat = "The garden looks lovely today. " * 12
    judged = classifier.judge(trained, f"{chat}Burning up and shivering under two duvets. {chat}", LEVELS)
    assert judged.level is not Level.ROUTINE


def test_so_many_calm_messages_are_left_alone_as_the_goal_says() -> None:
    taught = training.train(sentences(), LEVELS, FEW)
    for goal, calm in ((1.0, 8), (0.5, 4)):
        goals = training.Goals(left_alone=goal, overcalled=0.0, reports_lost=0.0)
        tuned = training.tuned(taught, sentences(), LEVELS, [Level.ROUTINE] * 20, goals)
        judged = [classifier.judge(tuned, one.text, LEVELS).level for one in sentences() if one.calm]
        assert judged.count(Level.ROUTINE) == calm


def test_what_the_lists_flag_counts_against_the_goal() -> None:
    taught = training.train(sentences(), LEVELS, FEW)
    goals = training.Goals(left_alone=0.5, overcalled=0.0, reports_lost=0.0)
    alone, with_lists = (
        training.tuned(
            taught, sentences(), LEVELS, [words if one.calm else Level.ROUTINE for one in sentences()], goals
        )
        for words in (Level.ROUTINE, Level.REVIEW)
    )
    assert with_lists.thresholds[Level.REVIEW] >= alone.thresholds[Level.REVIEW]


def test_the_file_is_read_back_as_the_same_classifier(trained: classifier.Classifier) -> None:
    assert classifier.Classifier.model_validate_json(training.written(trained)) == trained


def test_the_shipped_classifier_was_trained_on_the_shipped_sentences() -> None:
    shipped = catalog.shipped().freetext.classifier
    assert shipped is not None
    assert shipped.trained_on == training.digest(catalog.read_sentences(catalog.shipped_folder(), "train"))


def test_a_classifier_that_was_used_can_be_compared(trained: classifier.Classifier) -> None:
    again = classifier.Classifier.model_validate_json(training.written(trained))
    for one in (trained, again):
        classifier.judge(one, "shivering", LEVELS)
    assert trained == again
    assert trained != again.model_copy(update={"unit": 1.0})


def test_weights_that_are_no_base64_are_refused(trained: classifier.Classifier) -> None:
    content = trained.model_dump(mode="json") | {"weights": "???"}
    with pytest.raises(ValueError, match="train again"):
        classifier.Classifier.model_validate(content)


def test_words_of_the_lists_in_no_report_are_asked_about_and_not_reported(trained: classifier.Classifier) -> None:
    net = catalog.shipped().freetext
    sure = trained.model_copy(
        update={
            "calm_below": dict.fromkeys(classifier.LEVELS, 1e9),
            "thresholds": dict.fromkeys(classifier.LEVELS, 1e9),
        }
    )
    with_it = net.model_copy(update={"classifier": sure, "levels": net.levels})
    screening = freetext.screen(with_it, "my calf is swollen and red")
    assert screening.level is Level.ROUTINE
    assert (screening.hypothetical, screening.asked_about) == (True, ("dvt",))
