"""`aftercare staff`: invite, link, list, remove."""

from __future__ import annotations

from tests.bot.commands.conftest import Terminal


def invited(terminal: Terminal, *more: str) -> str:
    """Lind's link."""
    done = terminal.types("staff", "invite", "--name", "Dr Lind", "--role", "clinician", "--rung", "on_call", *more)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_an_invitation_is_a_link_and_makes_the_team(terminal: Terminal) -> None:
    link = invited(terminal, "--qr", str(terminal.folder / "lind.png"))
    assert link.startswith("https://t.me/aftercare_sandbox_bot?start=i")
    assert (terminal.folder / "lind.png").read_bytes().startswith(b"\x89PNG")
    assert terminal.rows("SELECT role, rung, state FROM staff") == [("clinician", "on_call", "invited")]
    assert terminal.rows("SELECT name, timezone FROM care_teams") == [("Spine team", "Europe/London")]


def test_a_new_link_voids_the_old_one(terminal: Terminal) -> None:
    first = invited(terminal)
    done = terminal.types("staff", "link", "1")
    assert done.exit_code == 0
    assert done.stdout.strip() not in ("", first)
    assert terminal.rows("SELECT void_reason FROM invitations ORDER BY id") == [("re-issued",), (None,)]


def test_the_list_shows_who_has_not_joined(terminal: Terminal) -> None:
    invited(terminal)
    done = terminal.types("staff", "list")
    assert "Dr Lind" in done.stdout
    assert "invited" in done.stdout


def test_whoever_is_removed_is_off_the_list_and_their_link_is_void(terminal: Terminal) -> None:
    invited(terminal)
    done = terminal.types("staff", "remove", "1")
    assert "Dr Lind is off the list." in done.stdout
    assert terminal.rows("SELECT state FROM staff") == [("left",)]
    assert terminal.rows("SELECT void_reason FROM invitations") == [("left",)]


def test_what_cannot_be_is_said_and_changes_nothing(terminal: Terminal) -> None:
    for words, says in (
        (("staff", "remove", "9"), "Nobody has the id 9"),
        (("staff", "link", "9"), "Nobody has the id 9"),
        (("staff", "invite", "--name", "Lind", "--role", "boss"), "coordinator, clinician, admin"),
        (("staff", "invite", "--name", "Lind", "--role", "admin", "--timezone", "Mars"), "no time zone"),
    ):
        done = terminal.types(*words)
        assert done.exit_code == 1
        assert says in done.stderr
    assert terminal.rows("SELECT count(*) FROM staff") == [(0,)]
    assert terminal.rows("SELECT count(*) FROM care_teams") == [(0,)]
