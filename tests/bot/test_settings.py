"""The settings are read whole, refused in words, and keep their secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot import readiness, settings
from bot.errors import SettingsError
from bot.settings import Settings

TOKEN = "123456789:AAHfbc8vdHE4TDcTgXAlgdGQkaGkxHuw0cE"
KEY = Fernet.generate_key().decode()
SITE = {
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "CLINIC_NAME": "Northside Spine",
    "CLINIC_TIMEZONE": "Europe/London",
    "TEAM_PHONE": "020 8123 4567",
    "EMERGENCY_NUMBER": "999",
    "OUT_OF_HOURS": "NHS 111",
    "CRISIS_LINE": "NHS 111, option 2",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine sets is no concern of these tests."""
    for name in set(settings.variables()) | {name for name in os.environ if name.startswith("AFTERCARE_")}:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A complete .env file."""
    return written(tmp_path / ".env", SITE)


def written(path: Path, values: dict[str, str]) -> Path:
    path.write_text("".join(f'{name}="{value}"\n' for name, value in values.items()), encoding="utf-8")
    return path


def problems_of(path: Path, **changes: str) -> tuple[str, ...]:
    """What `load` finds wrong with the complete file after these changes."""
    with pytest.raises(SettingsError) as caught:
        settings.load(written(path, SITE | changes))
    return caught.value.problems


def test_a_complete_env_file_is_read(env_file: Path) -> None:
    site = settings.load(env_file)
    assert site.clinic_name == "Northside Spine"
    assert site.telegram_bot_token is not None
    assert site.telegram_bot_token.get_secret_value() == TOKEN
    assert site.telegram_api_url == "https://api.telegram.org"


def test_the_environment_goes_before_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_NAME", "Southside Spine")
    assert settings.load(env_file).clinic_name == "Southside Spine"


def test_settings_made_by_hand_read_nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_NAME", "Southside Spine")
    assert Settings().clinic_name == ""


def test_no_secret_shows_in_the_printed_settings(env_file: Path) -> None:
    changes = {"AFTERCARE_KEY": KEY, "WEBHOOK_SECRET": "s3cret" * 4, "DATABASE_URL": "sqlite:///private.db"}
    changes["HEARTBEAT_URL"] = "https://hc.clinic.test/unguessable"
    shown = repr(settings.load(written(env_file, SITE | changes)))
    assert not any(secret in shown for secret in (TOKEN, KEY, "s3cret", "private.db", "unguessable"))


def test_settings_cannot_be_changed(env_file: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.load(env_file).clinic_name = "Other"  # type: ignore[misc]  # the refusal is the point


def test_every_missing_setting_is_named_at_once_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(tmp_path / "absent.env")
    named = [problem.split()[0] for problem in caught.value.problems]
    assert named == list(SITE)
    assert all("For example:" in problem for problem in caught.value.problems[1:])


def test_an_empty_value_counts_as_missing(env_file: Path) -> None:
    (problem,) = problems_of(env_file, TEAM_PHONE="  ")
    assert problem.startswith("TEAM_PHONE is missing")


def test_commands_that_serve_no_patient_need_no_site(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "absent.env", to_run=False).team_phone == ""


@pytest.mark.parametrize(
    "placeholder",
    ["000", "0000000", "XXX", "020 XXXX XXXX", "TODO", "TBD", "555", "555-0100", "+1 212 555 0123", "12345678",
     "<your number>", "changeme", "the ward", "1", "01632 960123", "07700 900123", "999999999"],
)  # fmt: skip
def test_a_placeholder_is_no_number(env_file: Path, placeholder: str) -> None:
    (problem,) = problems_of(env_file, TEAM_PHONE=placeholder)
    assert problem.startswith("TEAM_PHONE ")
    assert "For example: TEAM_PHONE=" in problem


@pytest.mark.parametrize("number", ["112", "999", "911", "061", "024", "NHS 111, option 2", "+34 91 330 3000", "1177"])
def test_a_real_number_is_taken(number: str) -> None:
    assert readiness.is_number(number)


def test_the_australian_emergency_number_is_taken_in_australia_only(env_file: Path) -> None:
    (problem,) = problems_of(env_file, EMERGENCY_NUMBER="000")
    assert problem.startswith("EMERGENCY_NUMBER")
    australian = SITE | {"EMERGENCY_NUMBER": "000", "CLINIC_TIMEZONE": "Australia/Sydney"}
    assert settings.load(written(env_file, australian)).emergency_number == "000"


def test_an_unknown_time_zone_is_refused(env_file: Path) -> None:
    (problem,) = problems_of(env_file, CLINIC_TIMEZONE="London")
    assert "no IANA time zone: 'London'" in problem


def test_an_unknown_aftercare_variable_is_refused_with_the_nearest_name(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERCARE_KEY_FIEL", "x")
    assert problems_of(env_file) == ("AFTERCARE_KEY_FIEL is no setting. Did you mean AFTERCARE_KEY_FILE?",)


def test_a_slip_of_the_pen_in_the_env_file_is_refused(env_file: Path) -> None:
    assert problems_of(env_file, WEBHOOK_SERCET="x") == ("WEBHOOK_SERCET is no setting. Did you mean WEBHOOK_SECRET?",)


def test_variables_of_other_programs_are_left_alone(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SERCET", "x")
    assert settings.load(written(env_file, SITE | {"POSTGRES_USER": "x"})).clinic_name == "Northside Spine"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TELEGRAM_BOT_TOKEN", "my token", "@BotFather"),
        ("TELEGRAM_API_URL", "api.telegram.org", "should match pattern"),
        ("DATABASE_URL", "mysql://x", "must begin with sqlite:///"),
        ("AFTERCARE_KEY", "short", "must be Fernet keys"),
        ("WEBHOOK_LISTEN", "8443", "a host and a port"),
        ("WEBHOOK_LISTEN", "0.0.0.0:70000", "a host and a port"),
        ("CONSOLE_LISTEN", "9464", "a host and a port"),
        ("HEARTBEAT_URL", "hc.clinic.test/x", "should match pattern"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
    ],
)
def test_an_unusable_value_is_named_but_not_quoted(env_file: Path, name: str, value: str, says: str) -> None:
    (problem,) = problems_of(env_file, **{name: value})
    assert problem.startswith(f"{name}: ")
    assert says in problem
    assert f"'{value}'" not in problem


def test_unusable_and_missing_values_are_told_together(env_file: Path) -> None:
    named = [each.split()[0] for each in problems_of(env_file, LOG_LEVEL="LOUD", TEAM_PHONE="", AFTERCARE_X="1")]
    assert named == ["AFTERCARE_X", "LOG_LEVEL:", "TEAM_PHONE"]


def test_a_secret_can_be_in_a_file(env_file: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="utf-8")
    given = SITE | {"TELEGRAM_BOT_TOKEN": "", "TELEGRAM_BOT_TOKEN_FILE": str(tmp_path / "token")}
    token = settings.load(written(env_file, given)).telegram_bot_token
    assert token is not None
    assert token.get_secret_value() == TOKEN


def test_a_secret_given_twice_is_refused(env_file: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    (problem,) = problems_of(env_file, TELEGRAM_BOT_TOKEN_FILE=str(tmp_path / "token"))
    assert "both set" in problem


def test_a_secret_file_that_cannot_be_read_is_named(env_file: Path, tmp_path: Path) -> None:
    problems = problems_of(env_file, TELEGRAM_BOT_TOKEN="", TELEGRAM_BOT_TOKEN_FILE=str(tmp_path / "absent"))
    assert problems[0].startswith("TELEGRAM_BOT_TOKEN_FILE names a file that cannot be read")


def test_a_webhook_without_a_secret_is_refused(env_file: Path) -> None:
    (problem,) = problems_of(env_file, WEBHOOK_URL="https://bot.clinic.test/hook")
    assert problem.startswith("WEBHOOK_SECRET is missing")


@pytest.mark.parametrize("secret", ["short", "with spaces and so on!!!"])
def test_a_webhook_secret_telegram_would_refuse_or_anyone_could_guess_is_refused(env_file: Path, secret: str) -> None:
    (problem,) = problems_of(env_file, WEBHOOK_URL="https://bot.clinic.test/hook", WEBHOOK_SECRET=secret)
    assert problem.startswith("WEBHOOK_SECRET must be")


@pytest.mark.parametrize("address", ["http://bot.clinic.test/hook", "https://bot.clinic.test:9000/hook"])
def test_a_webhook_address_telegram_would_refuse_is_refused(env_file: Path, address: str) -> None:
    (problem,) = problems_of(env_file, WEBHOOK_URL=address, WEBHOOK_SECRET="s" * 32)
    assert problem.startswith("WEBHOOK_URL must begin with https://")


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:8443", "::1", 8443)],  # noqa: S104 - nothing listens
)
def test_the_listening_address_has_a_host_and_a_port(listen: str, host: str, port: int) -> None:
    assert Settings(webhook_listen=listen).listen == (host, port)


def test_there_is_no_console_unless_it_is_asked_for() -> None:
    assert Settings().console is None
    assert Settings(console_listen="127.0.0.1:9464").console == ("127.0.0.1", 9464)


def test_the_heartbeat_address_can_be_in_a_file(env_file: Path, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hc.clinic.test/unguessable\n", encoding="utf-8")
    given = SITE | {"HEARTBEAT_URL_FILE": str(tmp_path / "url")}
    assert settings.load(written(env_file, given)).heartbeat_url == "https://hc.clinic.test/unguessable"


def test_the_key_file_lies_beside_the_database() -> None:
    assert Settings(database_url="sqlite:////srv/aftercare/a.db").key_file == Path("/srv/aftercare/a.key")
    assert Settings(database_url="sqlite:///:memory:").key_file == Path("aftercare.key")
    assert Settings(database_url="postgresql+psycopg://a@/aftercare?host=/run/pg").key_file == Path("aftercare.key")
    assert Settings(aftercare_key_file=Path("/run/k")).key_file == Path("/run/k")


def test_the_first_start_makes_the_key_file_and_the_next_reads_it(tmp_path: Path) -> None:
    site = Settings(database_url=f"sqlite:///{tmp_path / 'a.db'}")
    made = settings.encryption_keys(site)
    (tmp_path / "a.db").write_bytes(b"data")
    assert settings.encryption_keys(site) == made


def test_keys_in_the_environment_go_before_the_key_file(tmp_path: Path) -> None:
    other = Fernet.generate_key().decode()
    site = Settings.model_validate({"aftercare_key": f"{KEY}, {other}", "database_url": f"sqlite:///{tmp_path}/a.db"})
    assert settings.encryption_keys(site) == (KEY, other)
    assert list(tmp_path.iterdir()) == []


def test_the_values_of_cards_are_the_four_numbers(env_file: Path) -> None:
    assert settings.card_values(settings.load(env_file)) == {
        "team_phone": "020 8123 4567",
        "emergency_number": "999",
        "out_of_hours": "NHS 111",
        "crisis_line": "NHS 111, option 2",
    }
