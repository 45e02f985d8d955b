"""Words that no patient is to be told, with the reason for each, by language. Patterns are regular expressions.

They are matched on small letters, from the beginning of a word. Patients may say such things themselves, so answers are
held only to what is said of doses.
"""

# ruff: noqa: E501 - a table of patterns reads best with one on a line

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Banned:
    """A pattern, and why nobody is told this."""

    pattern: re.Pattern[str]
    why: str


def _of(entries: tuple[tuple[str, str], ...]) -> tuple[Banned, ...]:
    return tuple(Banned(re.compile(rf"(?<!\w)(?:{pattern})"), why) for pattern, why in entries)


_NAMED = "A named medicine reads as advice to take or leave it; it may hurt this patient."
_BLOOD = "Whether to thin the blood after spine surgery is for a surgeon: a clot or a bleed can follow."
_NUMBERS = "A dose that is right for one patient is dangerous for another."
_TAKE = "Taking more or less of a medicine can put a patient to sleep, or into withdrawal."
_STOP = "Stopping a medicine suddenly can bring withdrawal, seizures or a clot."
_START = "A new medicine can clash with others; only a prescriber knows them."
_FINE = "It can turn bad after the message; a patient who was told so waits too long (cauda equina)."
_WORRY = "Worry is what makes people call."
_CLEAR = "A short questionnaire rules nothing out."
_USUAL = "What is usual for most can be a warning sign in this patient."
_TICK = "A green tick or a thumb says that all is well."
_PROMISE = "Nobody can promise a recovery."

DOSES = {
    "en": _of(
        (
            (r"\d+(?:[.,]\d+)? ?(?:mg|mcg|µg|micrograms?|milligrams?|grams?|ml|units?)\b", _NUMBERS),
            (r"(?:\d+|one|two|three|half an?|half) (?:more )?(?:tablets?|pills?|capsules?|doses?|puffs?)\b", _NUMBERS),
            (r"(?:double|extra|missed|next|higher|lower|full|half|maximum|daily) doses?\b", _NUMBERS),
        )
    ),
    "es": _of(
        (
            (r"\d+(?:[.,]\d+)? ?(?:mg|mcg|µg|microgramos?|miligramos?|gramos?|ml|unidades)\b", _NUMBERS),
            (r"(?:\d+|una?|dos|tres|media) (?:pastillas?|comprimidos?|cápsulas?|tabletas?|dosis)\b", _NUMBERS),
            (r"(?:doble|media|otra|próxima|mayor|menor) dosis|dosis (?:doble|extra|máxima|diaria)", _NUMBERS),
        )
    ),
}
"""Doses, nowhere to be read, not even in an answer."""

MEDICINES = {
    "en": _of(
        (
            (r"paracetamol|acetaminophen|tylenol|ibuprofen|naproxen|diclofenac|nsaids?\b|aspirin", _NAMED),
            (r"codeine|tramadol|morphine|oxycodone|fentanyl|tapentadol|opioids?\b|opiates?\b", _NAMED),
            (r"gabapentin|pregabalin|amitriptyline|nortriptyline|duloxetine|diazepam|baclofen", _NAMED),
            (r"steroids?\b|prednisolone|dexamethasone|antibiotics?\b|laxatives?\b|senna\b|omeprazole", _NAMED),
            (
                r"anticoagulants?\b|blood thinners?\b|heparin|enoxaparin|warfarin|apixaban|rivaroxaban|clopidogrel",
                _BLOOD,
            ),
        )
    ),
    "es": _of(
        (
            (r"paracetamol|acetaminofén|ibuprofeno|naproxeno|diclofenaco|antiinflamatorios?\b|aspirina", _NAMED),
            (r"codeína|tramadol|morfina|oxicodona|fentanilo|tapentadol|opioides?\b|opiáceos?\b", _NAMED),
            (r"gabapentina|pregabalina|amitriptilina|nortriptilina|duloxetina|diazepam|baclofeno", _NAMED),
            (r"corticoides?\b|esteroides?\b|dexametasona|antibióticos?\b|laxantes?\b|omeprazol", _NAMED),
            (
                r"anticoagulantes?\b|heparina|enoxaparina|warfarina|acenocumarol|apixabán|rivaroxabán|clopidogrel",
                _BLOOD,
            ),
        )
    ),
}
"""Medicines by name: a question or an answer may ask about them, a text that tells something may not."""

_EN_MEDICINE = r"(?:medicines?|medication|meds|tablets?|pills?|pain ?killers?|patch(?:es)?|drugs?)\b"
_ES_MEDICINE = r"(?:medicinas?|medicación|medicamentos?|pastillas?|comprimidos?|calmantes?|parches?)\b"

ADVICE = {
    "en": _of(
        (
            (
                rf"take (?:\d+|one|two|half|more|less|fewer|extra|another|double|some|an?) (?:\w+ )?{_EN_MEDICINE}",
                _TAKE,
            ),
            (r"take (?:\d+|one|two|half|more|less|fewer|extra|another|double)\b", _TAKE),
            (
                rf"(?<!not )(?:stop|skip|leave out|come off|quit) (?:taking |all |your |the |any |this )*{_EN_MEDICINE}",
                _STOP,
            ),
            (rf"(?:increase|reduce|raise|lower|halve|double|cut down) (?:on )?(?:your |the )?{_EN_MEDICINE}", _TAKE),
            (rf"(?:try|start|buy|use|add) (?:taking |a |an |some |any |your |the )+{_EN_MEDICINE}", _START),
            (r"(?:increase|reduce|raise|lower|halve|double|change|cut) (?:your |the )?doses?\b", _TAKE),
        )
    ),
    "es": _of(
        (
            (rf"tom[ea] (?:\d+|una?|dos|media|más|menos|otra|algun[oa]) (?:\w+ )?{_ES_MEDICINE}", _TAKE),
            (r"tom[ea] (?:\d+|dos|media|más|menos|el doble)\b", _TAKE),
            (
                rf"(?:deje|suspenda|pare|sáltese|abandone) (?:de tomar |todas |sus |la |las |los |el )*{_ES_MEDICINE}",
                _STOP,
            ),
            (rf"(?:aumente|suba|reduzca|baje|doble) (?:la |las |los |sus )?(?:dosis\b|{_ES_MEDICINE})", _TAKE),
            (
                rf"(?:pruebe|empiece|compre|use|añada) (?:a tomar |con |otra |una |alguna |la |las )+{_ES_MEDICINE}",
                _START,
            ),
        )
    ),
}
"""Advice on medicines."""

REASSURANCE = {
    "en": _of(
        (
            (r"(?:you|this|it|that|everything|all|things|answers?|results?) (?:is|are|looks?|seems?|will be) (?:all |just |quite |very )*"
             r"(?:fine|ok|okay|all right|alright|well|good|safe|in order)\b", _FINE),
            (r"(?:you're|it's|that's|this is|that is|it is) (?:fine|ok|okay|all right|alright|good|safe)\b", _FINE),
            (r"(?:nothing|no (?:need|reason|cause))(?: \w+){0,2} (?:worry|concern|alarm|afraid)", _WORRY),
            (r"(?:do not|don't|please don't|no) worr(?:y|ies)|rest assured|relax\b|stay calm", _WORRY),
            (r"all clear|no (?:warning|danger|red.flag)|not (?:serious|dangerous|urgent|a problem)|harmless", _CLEAR),
            (r"nothing (?:is )?(?:wrong|serious|bad)|no problem|low risk|good news|safe to (?:ignore|wait)", _CLEAR),
            (r"normal|usual(?:ly)? (?:after|at this)|to be expected|as expected|(?:very )?common (?:after|and)", _USUAL),
            (r"(?:will|should) (?:get better|go away|settle|pass|heal|recover)|on its own\b", _PROMISE),
            (r"you (?:can|may) wait|wait and see|no need to (?:call|ring|phone|see)", _FINE),
        )
    ),
    "es": _of(
        (
            (r"(?:usted |todo |ya )?(?:está|va|están|irá) (?:muy |todo )?(?:bien|en orden|perfecto)\b|todo (?:bien|en orden)", _FINE),
            (r"no (?:se preocupe|hay (?:de qué|por qué|motivo)|tiene (?:por qué|que) preocuparse)|tranquil[oa]", _WORRY),
            (r"no (?:es|parece) (?:nada )?(?:grave|serio|peligros[oa]|urgente|malo|un problema)|no pasa nada|inofensiv", _CLEAR),
            (r"(?:sin|no hay|ningun[oa]|ningún) (?:señal(?:es)?|signos?|peligro|riesgo|problemas?)|buenas noticias", _CLEAR),
            (r"normal(?:es)?\b|es (?:habitual|frecuente|lo esperado)|lo habitual|como se esperaba", _USUAL),
            (r"se (?:le )?(?:pasará|curará|quitará|irá)|mejorará|por sí sol[oa]", _PROMISE),
            (r"puede esperar|no hace falta (?:que )?(?:llam|ir|vaya)", _FINE),
        )
    ),
}  # fmt: skip
"""Reassurance, in texts that tell something."""

TICKS = "✅✔☑👍👌😊🙂💚🟢"
"""Signs that say that all is well (hazard H21)."""
TICK_REASON = _TICK
