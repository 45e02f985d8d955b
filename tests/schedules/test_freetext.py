"""The free-text net. Its examples are those of the protocol; acceptance is on messages nobody here has seen."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import catalog, freetext
from schedules.pathway import FreeText, FreeTextLanguage, FreeTextPatterns, Level

WHOLE = catalog.shipped().freetext
NET = WHOLE.model_copy(update={"classifier": None})  # the word lists alone
DEV = Path(__file__).parents[2].parent / "shared" / "clinical" / "freetext-dev.json"
EMERGENCY, URGENT, REVIEW, CALM = Level.EMERGENCY, Level.URGENT, Level.REVIEW, Level.ROUTINE


def level(text: str) -> Level:
    return freetext.screen(NET, text).level


# Protocol, section 8.2.
EXAMPLES = [
    ("numb round my back passage", EMERGENCY),
    ("no numbness anywhere", CALM),
    ("dont feel it when I go for a wee", EMERGENCY),
    ("going for a wee is fine", CALM),
    ("no fever but the cut is weeping yellow", URGENT),
    ("no fever and the cut is dry", CALM),
    ("my left toes catch on the carpet now", EMERGENCY),
    ("toes still a bit stiff", CALM),
    ("entrepierna dormida desde ayer", EMERGENCY),
    ("la entrepierna bien, nada raro", CALM),
    ("me falta el aire al subir", EMERGENCY),
    ("salí a tomar el aire", CALM),
    ("sciatica has come back worse", REVIEW),
    ("I am back at work", CALM),
    ("not just sore, the scar is oozing", URGENT),
    ("the scar is not oozing", CALM),
    ("ive had enough of living", EMERGENCY),
    ("had enough of this brace", CALM),
    ("cant bladdar empty, straining", EMERGENCY),
    ("what should I do if I get a fever", CALM),
    ("my dad had chest pain last year", CALM),
    ("soy su mujer, mi marido no puede orinar", EMERGENCY),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_the_protocols_examples_get_their_level(text: str, expected: Level) -> None:
    assert level(text) is expected
    assert freetext.screen(WHOLE, text).level is expected


REPORTS = [
    ("CAN’T FEEL MY BUM", EMERGENCY, "shouted, with a curly apostrophe"),
    ("I'm nuuuumb between the legs", EMERGENCY, "drawn out"),
    ("nunbness? no but incontinant since monday", EMERGENCY, "misspelt, after a negation"),
    ("my foot, it just drags", EMERGENCY, "a comma inside one thought"),
    ("I can barely lift my toes", EMERGENCY, "barely can is cannot"),
    ("my foot is weaker than before the op and keeps dropping", EMERGENCY, "compared with before is not over"),
    ("the feeling in my bottom has gone completely", EMERGENCY, "a feeling that is gone is a symptom"),
    ("is it normal that i can't feel it when i wipe?", EMERGENCY, "a question about what is happening"),
    ("what should I do, my calf is swollen since yesterday", URGENT, "a question and a report"),
    ("I slept badly. Temp 38,4", URGENT, "a decimal comma"),
    ("temperature was 39 this morning", URGENT, "a whole number next to its meaning"),
    ("pain is 9/10", URGENT, "a score next to its meaning"),
    ("my dog jumped up and my wound has opened", URGENT, "back to the patient"),
    ("my mum is numb between her legs", EMERGENCY, "a carer may be writing"),
    ("burning up since last night. He is confused", EMERGENCY, "two signs in two sentences"),
    ("sí, tengo fiebre", URGENT, "yes is not if"),
    ("ya no siento cuando orino", EMERGENCY, "no longer feeling is a symptom"),
    ("apenas puedo orinar", EMERGENCY, "hardly can is cannot"),
    ("no puedo dormir me duele el pecho", EMERGENCY, "cannot sleep negates nothing"),
    ("my leg's swollen", URGENT, "is run together with its noun"),
    ("This is Dave's wife. My dad had an operation and his groin is numb", EMERGENCY, "a carer says who it is"),
    ("temp 39. He doesn't know where he is", EMERGENCY, "a whole-number fever and confusion"),
    ("la ciática ha vuelto", REVIEW, "a Spanish word that looks like a misspelt English one"),
    ("🆘", REVIEW, "a cry for help without words"),
]


@pytest.mark.parametrize(("text", "expected", "why"), REPORTS, ids=[why for *_, why in REPORTS])
def test_a_report_is_found(text: str, expected: Level, why: str) -> None:
    assert level(text) is expected, why


QUIET = [
    ("", "nothing"),
    ("eating more fibre and buying a toy", "English words that look like misspelt Spanish ones"),
    ("👍", "a thumb"),
    ("12 38 2026", "numbers without meaning"),
    ("my neighbour can't pee", "someone who is no patient here"),
    ("my sister had a numb foot years ago", "family, long ago"),
    ("mi perro se hizo pis", "an animal"),
    ("desde hace un año no siento dolor", "a year is no anus"),
    ("my foot isn't really numb", "not, with a word between"),
    ("I've had no swelling or redness of the calf", "two things negated at once"),
    ("numb groin, swollen calf: I've had none of that", "negated afterwards"),
    ("some tingling in my toes but that is getting better", "improving, at review level"),
    ("the wound is dry, my leg is warm in bed", "a comma between two subjects"),
    ("si me da fiebre, ¿llamo?", "only if"),
    ("no he notado nada raro al limpiarme", "nothing odd"),
    ("I was numb before the operation", "over"),
]


@pytest.mark.parametrize(("text", "why"), QUIET, ids=[why for _, why in QUIET])
def test_a_calm_message_is_left_alone(text: str, why: str) -> None:
    assert level(text) is CALM, freetext.screen(NET, text)


def test_improving_never_lowers_an_emergency() -> None:
    assert level("numb between my legs but it is getting better") is EMERGENCY


def test_the_language_setting_hides_nothing() -> None:
    assert freetext.screen(NET, "no puedo orinar", "en").level is EMERGENCY
    assert freetext.screen(NET, "numb round my bum", "es").level is EMERGENCY
    assert freetext.screen(NET, "numb round my bum", "xx").level is EMERGENCY


def test_several_findings_are_named_in_the_pathways_order_with_their_words() -> None:
    found = freetext.screen(NET, "fell in the bath. wound is oozing. numb round my groin")
    assert found.categories == ("ces_saddle", "wound", "fall")
    assert found.matched == ("numb … groin", "wound … oozing", "fell")
    assert not found.hypothetical


def test_a_hypothetical_is_no_flag_but_names_what_was_asked_about() -> None:
    found = freetext.screen(NET, "what if I lose bladder control? what should I do")
    assert (found.level, found.categories, found.hypothetical) == (CALM, (), True)
    assert "ces_bladder" in found.asked_about


def test_a_hypothetical_beside_a_report_does_not_hide_it() -> None:
    found = freetext.screen(NET, "what if I get a fever? my calf is red and hard")
    assert (found.level, found.categories, found.asked_about) == (URGENT, ("dvt",), ("fever",))


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Baja", "¡Parar!", "darme de baja"])
def test_stop_words_count_as_a_whole_message_in_any_language(text: str) -> None:
    assert freetext.is_stop_word(NET, text)
    assert not freetext.is_help_word(NET, text)


@pytest.mark.parametrize("text", ["help", "Ayuda!", "INFO"])
def test_help_words_count_as_a_whole_message_in_any_language(text: str) -> None:
    assert freetext.is_help_word(NET, text)


@pytest.mark.parametrize("text", ["999", "Socorro", "SOS"])
def test_emergency_words_are_their_own_command(text: str) -> None:
    assert freetext.command_of(NET, text) == "emergency"


@pytest.mark.parametrize("text", ["stop it hurts", "please help my leg", "", "?", "no"])
def test_a_command_word_inside_a_message_is_no_command(text: str) -> None:
    assert freetext.command_of(NET, text) is None


@pytest.mark.parametrize(
    ("text", "greeting"),
    [
        ("Hi!", True),
        ("muchas gracias", True),
        ("thank you very much", False),
        ("hi my foot", False),
        ("", False),
        ("👍", False),
    ],
)
def test_a_bare_greeting_has_three_words_at_most(text: str, greeting: bool) -> None:
    assert freetext.is_greeting(NET, text) is greeting


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_can_be_screened(text: str) -> None:
    freetext.screen(NET, text)
    freetext.command_of(NET, text)
    freetext.is_greeting(NET, text)


@settings(max_examples=100, deadline=None)
@given(
    calm=st.sampled_from(["all good.", "Thanks for asking!", "I went for a walk.", "todo bien.", "Hola."]),
    alarm=st.sampled_from([text for text, expected in EXAMPLES if expected is EMERGENCY]),
    first=st.booleans(),
)
def test_a_calm_sentence_beside_an_alarm_never_lowers_it(calm: str, alarm: str, first: bool) -> None:
    text = f"{calm} {alarm}" if first else f"{alarm}. {calm}"
    assert level(text) is EMERGENCY
    assert freetext.screen(WHOLE, text).level >= freetext.screen(WHOLE, alarm).level


def test_a_full_length_message_is_screened_fast() -> None:
    text = ("my foot was numb and the wound is leaking, no fever but can't pee. " * 70)[:4096]
    freetext.screen(WHOLE, "warm up")
    begun = time.process_time()
    assert freetext.screen(WHOLE, text).level is EMERGENCY
    assert time.process_time() - begun < 1.0


def test_far_more_text_than_telegram_carries_is_screened_too() -> None:
    begun = time.process_time()
    assert freetext.screen(WHOLE, "the garden is lovely. " * 2000 + "I can't pee").level is EMERGENCY
    assert time.process_time() - begun < 5.0


def test_two_pathways_with_different_words_are_kept_apart() -> None:
    def only(word: str) -> FreeText:
        language = FreeTextLanguage(lexicon={"FEVER": (word,)}, patterns={"fever": FreeTextPatterns(alone=("FEVER",))})
        return NET.model_copy(update={"languages": {"en": language}})

    nets = {word: only(word) for word in ("hot", "warm", "fire", "glow", "burn", "heat", "ash", "coal", "wood", "oven")}
    for _ in range(2):
        assert all(freetext.screen(net, word).level is URGENT for word, net in nets.items())
        assert freetext.screen(nets["hot"], "warm").level is CALM


@pytest.mark.skipif(not DEV.exists(), reason="the development examples are not on this machine")
def test_the_development_examples_are_found_and_left_alone_as_measured() -> None:
    rows = json.loads(DEV.read_text(encoding="utf-8"))
    screened = [(row, freetext.screen(WHOLE, row["text"]).level) for row in rows]
    flags = [got > CALM for row, got in screened if row["must_flag"]]
    emergencies = [got is EMERGENCY for row, got in screened if row["level_at_least"] == "emergency"]
    calm = [got is CALM for row, got in screened if not row["must_flag"]]
    assert sum(flags) / len(flags) >= 0.97
    assert sum(emergencies) / len(emergencies) >= 0.97
    assert sum(calm) / len(calm) >= 0.90


def test_ordinary_messages_take_under_five_milliseconds_each() -> None:
    texts = [one.text for one in catalog.read_sentences(catalog.shipped_folder(), "dev")[::4]]
    freetext.screen(WHOLE, "warm up")
    begun = time.process_time()
    for text in texts:
        freetext.screen(WHOLE, f"{text} !")  # no message seen before, which would be remembered
    assert (time.process_time() - begun) / len(texts) < 0.005


def test_the_trained_net_hears_what_no_list_holds() -> None:
    text = "my stream used to hit the back of the pan, now I stand and wait and a few drops land on my shoes"
    assert level(text) is CALM
    screening = freetext.screen(WHOLE, text)
    assert screening.level is not CALM
    assert screening.matched


def test_an_illness_of_the_dog_is_set_aside_and_asked_about() -> None:
    text = "the old dog is incontinent now, wet the carpet again last night, poor thing"
    screening = freetext.screen(WHOLE, text)
    assert screening.level is CALM
