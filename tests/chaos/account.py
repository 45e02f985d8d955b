"""What people did and what their screens show, against what the bot holds: every difference is a broken promise."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.care.ledger import Ledger
from tests.chaos.ground import Ground
from tests.chaos.holding import Case, Holding
from tests.chaos.people import Memory, Tapped

STEP = timedelta(minutes=10)  # a case whose next page is overdue by this much climbs no more
RACE = timedelta(seconds=10)  # of the hour's clock: a unit run again after a lost race keeps the time it began with
ONCE = ("opened", "closed")


@dataclass(kw_only=True)
class Account:
    """The figures of one run. `broken` says in words which promise does not hold; empty when all do."""

    updates: int = 0
    answers: int = 0
    texts: int = 0
    expired: int = 0  # taps that Telegram itself let go after 150 seconds, within a recorded gap
    lost: int = 0
    escalations: int = 0
    sent: int = 0
    doubled: int = 0
    allowed: int = 0
    pressed_again: int = 0
    ledger: Ledger | None = None
    broken: list[str] = field(default_factory=list)


def settle_up(ground: Ground, memory: Memory, held: Holding, in_flight: int) -> Account:
    """Compare. `in_flight` is how many messages were on their way when processes died."""
    found = Account(
        updates=len(held.inbox),
        texts=len(memory.texts),
        escalations=len(held.cases),
        allowed=in_flight,
        pressed_again=memory.pressed_again,
        ledger=held.ledger,
    )
    taken = _taps(ground, memory, held, found)
    for promise in (_inbox, _checkins, _messages):
        found.broken.extend(promise(ground, held, found))
    found.broken.extend(_answers(taken, held, found))
    found.broken.extend(_texts(memory, held, found))
    found.broken.extend(_red_answers(ground, taken, held))
    found.broken.extend(_cases(ground, taken, held))
    return found


def _taps(ground: Ground, memory: Memory, held: Holding, found: Account) -> list[Tapped]:
    """The taps that reached the inbox. One that did not must have expired while nobody listened."""
    stored = {query for row in held.inbox if (query := _query(row.raw)) is not None}
    waits = {one.body.get("callback_query", {}).get("id") for one in ground.served.world.updates.waiting()}
    taken = []
    for tap in memory.taps:
        if tap.query in stored:
            taken.append(tap)
        elif any(began <= tap.at <= ended for began, ended in held.gaps):
            found.expired += 1
        elif tap.query not in waits:
            found.lost += 1
            gaps = ", ".join(f"{began:%H:%M:%S.%f} to {ended:%H:%M:%S}" for began, ended in held.gaps)
            found.broken.append(f"the tap {tap.name} of {tap.who} at {tap.at:%H:%M:%S.%f} is nowhere; gaps: {gaps}")
    return taken


def _query(raw: str) -> str | None:
    tapped = json.loads(raw).get("callback_query")
    return None if tapped is None else str(tapped["id"])


def _inbox(ground: Ground, held: Holding, _found: Account) -> Iterator[str]:
    for row in held.inbox:
        if row.state != "done":
            yield f"update {row.id} is {row.state} ({row.error})"
    for query, times in Counter(_query(row.raw) for row in held.inbox).items():
        if query is not None and times > 1:
            yield f"tap {query} was stored {times} times"


def _answers(taken: Sequence[Tapped], held: Holding, found: Account) -> Iterator[str]:
    found.answers = len({(tap.answers[0], tap.answers[1]) for tap in taken if tap.answers is not None})
    done = {_query(row.raw): row.processed_at for row in held.inbox}
    for tap in taken:
        if tap.answers is None:
            continue
        gone, at = held.gave_way.get(tap.answers[0]), done[tap.query]
        if gone is not None and at is not None and gone <= at + RACE:
            continue  # another check-in had taken its place meanwhile, and asks the same
        checkin, question, meant = tap.answers
        values = held.answers.get((checkin, question), [])
        if not any(_same(value, meant) for value in values):
            found.lost += 1
            yield f"check-in {checkin}: {meant!r} to {question} was taken and is not stored ({values})"
    for (checkin, question), values in held.answers.items():
        asked = 2 if (checkin, question) in held.doubted else 1
        if len(values) > asked:
            yield f"check-in {checkin}: {question} was asked {asked} times and is stored {len(values)} times"


def _same(value: Any, meant: Any) -> bool:
    return sorted(value) == sorted(meant) if isinstance(value, list) else str(value) == str(meant)


def _texts(memory: Memory, held: Holding, found: Account) -> Iterator[str]:
    for typed in memory.texts:
        times = held.words[typed.text]
        if not times:
            found.lost += 1
            yield f"{typed.text!r} of {typed.who} is nowhere"
        if times > 1 and str(typed.who) in typed.text:
            yield f"{typed.text!r} is stored {times} times"


def _red_answers(ground: Ground, taken: Sequence[Tapped], held: Holding) -> Iterator[str]:
    """Every red answer has its case, and clinicians have been sent it."""
    codes = {patient.person.id: patient.code for patient in ground.patients}
    group = _said(ground, ground.team.id)
    on_call = _said(ground, ground.staff.lind.id)
    for who in sorted({tap.who for tap in taken if tap.answers is not None and _is_red(tap)}):
        case = next((one for one in held.cases if one.code == codes[who]), None)
        if case is None:
            yield f"{codes[who]} gave a red answer and there is no escalation"
            continue
        if case.state == "closed":
            continue  # a clinician worked it, on a card that had arrived; a closed one names nobody
        if not any(codes[who] in text for text in group):
            yield f"the team was never sent the case of {codes[who]}"
        if case.level == "emergency" and not any(codes[who] in text for text in on_call):
            yield f"the clinician on call was never sent the emergency of {codes[who]}"


def _is_red(tap: Tapped) -> bool:
    return tap.answers is not None and str(tap.answers[2]) in ("new_or_worse", "cannot_pee", "accident", "both_legs")


def _said(ground: Ground, chat: int) -> list[str]:
    here = ground.served.world
    return [item.content for item in here.chats[chat].messages.values() if item.sender_id == here.bot.id]


def _cases(ground: Ground, taken: Sequence[Tapped], held: Holding) -> Iterator[str]:
    now = ground.clock.now()
    for case in held.cases:
        yield from _course(case)
        if case.state == "open" and case.next_page_at is not None and case.next_page_at < now - STEP:
            yield f"the case of {case.code} should have been told on at {case.next_page_at:%H:%M:%S}, and was not"
    taps = [tap for tap in taken if tap.name == "c_ack"]
    if taps and not any("acknowledged" in case.kinds for case in held.cases):
        yield f"{len(taps)} acknowledgements were tapped and none is on record"


def _course(case: Case) -> Iterator[str]:
    """No step of a case was taken twice."""
    counted = Counter(case.kinds)
    yield from (f"the case of {case.code} was {kind} {counted[kind]} times" for kind in ONCE if counted[kind] > 1)
    pages: list[int] = []
    acknowledged = False
    for kind, number in case.events:
        if kind in ("opened", "raised"):
            pages, acknowledged = [], False
        elif kind == "ack_voided":
            acknowledged = False
        elif kind == "page" and number is not None:
            if number in pages:
                yield f"step {number} of the ladder was taken twice for {case.code}"
            pages.append(number)
        elif kind == "acknowledged":
            if acknowledged:
                yield f"the case of {case.code} was acknowledged twice"
            acknowledged = True


def _checkins(ground: Ground, held: Holding, _found: Account) -> Iterator[str]:
    if not held.ledger.balanced:
        yield f"the ledger does not balance: {held.ledger}"
    if held.astray:
        yield f"check-ins went astray: {held.astray}"
    if held.overdue:
        yield f"check-ins that were due are neither open nor ended: {held.overdue}"
    if held.unasked:
        yield f"check-ins are open that no patient was sent: {held.unasked}"


def _messages(ground: Ground, held: Holding, found: Account) -> Iterator[str]:
    """Every message on a screen is some row's; one that is nobody's was on its way when a process died."""
    here = ground.served.world
    posted: dict[int, set[int]] = defaultdict(set)
    for chat in here.chats.values():
        posted[chat.id] = {item.id for item in chat.messages.values() if item.sender_id == here.bot.id}
    found.sent = sum(map(len, posted.values()))
    strays = sum(len(ids - held.sent_ids.get(chat, set())) for chat, ids in posted.items())
    found.doubled = strays + held.adopted_twice
    if found.doubled > found.allowed:
        yield f"{found.doubled} messages may have come twice; only {found.allowed} were on their way"
    for number, known in held.sent_ids.items():
        if missing := known - posted.get(number, set()):
            yield f"rows say that messages {sorted(missing)} were sent to {number}; nobody has them"
    yield from (f"outbox row {row} is {state}: {error}" for row, state, error in held.stuck)
