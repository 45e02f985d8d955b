"""What members of staff read when they join and ask for help. Pure."""

from __future__ import annotations

from bot.cards import Card, bold, esc

EXPECT = ("/expect CODE RULE DAY note", "say that a finding is expected until a day; it changes nothing else")
END = ("/end CODE REASON", "end a programme after a death or a readmission; open cases stay open")
COMMANDS = {
    "coordinator": (
        ("/open", "the worklist, most urgent first"),
        ("/patient CODE", "one patient's timeline"),
        ("/enrol", "enrol a patient"),
        ("/invite CODE", "a new link for a patient who has not started"),
        ("/uninvite CODE", "take back an enrolment that has not started"),
        ("/schedule", "the course of the check-ins"),
        ("/reschedule CODE", "move a check-in or a surgery date"),
        ("/timezone CODE ZONE", "a patient lives by another clock; the check-ins follow"),
        END,
    ),
    "clinician": (
        ("/open", "the worklist, most urgent first"),
        ("/patient CODE", "one patient's timeline"),
        EXPECT,
        END,
        ("/schedule", "the course of the check-ins"),
    ),
}
ADMIN_ONLY = (
    EXPECT,
    ("/pathway", "read or change what is asked and what it means"),
    ("/bind", "in a group: make it a team's"),
)
RUNG_WORDS = {
    "on_call": "You are on call: emergencies reach you here as well.",
    "second_on_call": "You are second on call: you are told when nobody acknowledges.",
    "manager": "You are told when an emergency has waited for half an hour.",
}


def welcome(name: str, role: str, team: str, rung: str | None, *, bound: bool) -> Card:
    """Joined: who you are here, and what to do next."""
    lines = [f"Welcome, {bold(name)}. You are {esc(role)} of {bold(team)}."]
    if rung:
        lines.append(RUNG_WORDS[rung])
    if role == "admin" and not bound:
        lines.append(
            "Next: make a private Telegram group for the team, add this bot as an administrator, and send /bind in it."
        )
    elif not bound:
        lines.append("The team has no group yet; ask an admin to send /bind in it.")
    lines += ["", *commands(role)]
    return Card(text="\n".join(lines))


def commands(role: str) -> list[str]:
    """The commands this role may use, a line each."""
    known = COMMANDS["coordinator" if role == "admin" else role] + (ADMIN_ONLY if role == "admin" else ())
    return [f"{esc(command)} — {esc(what)}" for command, what in known]
