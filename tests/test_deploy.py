"""What deploy/ says can be done: the commands exist, the units are sound, and the proxies let one path through."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot import __main__ as command_line
from bot.app import PARTS
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
PROGRAM = "/opt/aftercare/.venv/bin/aftercare"
SERVICES = sorted(DEPLOY.glob("*.service"))
UNITS = sorted(path for path in DEPLOY.iterdir() if path.suffix in {".service", ".socket", ".timer", ".target"})
TEXTS = [*sorted(path for path in DEPLOY.iterdir() if path.is_file()), ROOT / "docs" / "sizing.md"]


def unit(path: Path) -> dict[str, list[str]]:
    """Every setting of a unit with its values, as "Section.Name"."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, mark, value = line.partition("=")
            assert mark, f"{path.name}: {line}"
            found[f"{section}.{name}"].append(value)
    return found


def commands(text: str) -> Iterator[str]:
    """The words after `aftercare` wherever it is typed: in code, in quotes, in a unit."""
    code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) or [text]
    typed = "\n".join([*code, *re.findall(r"`(aftercare [^`]+)`", text)])
    for line in re.sub(r"\\\n\s*", " ", typed).splitlines():
        command = re.match(r"(?:ExecStart=)?(?:in-aftercare|(?:\S*/)?aftercare) ([a-z].*)", line.strip())
        if command and not line.startswith("#"):
            yield re.sub(r"\s+#.*", "", command[1])


def parse(words: list[str]) -> None:
    """Let our command line read these words, and do nothing. Raises what it raises on a slip."""
    command: Any = typer.main.get_command(command_line.app)
    context, name = None, "aftercare"
    while hasattr(command, "list_commands"):
        context = command.make_context(name, words[:1], parent=context, resilient_parsing=True)
        name, *words = words
        command = command.get_command(context, name)
        if command is None:
            raise LookupError(f"no such command: {name}")
    command.make_context(name, words, parent=context, resilient_parsing=not words)  # a name alone is a mention


TYPED = [
    (path.relative_to(ROOT).as_posix(), command)
    for path in TEXTS
    if path.is_file()
    for command in commands(path.read_text(encoding="utf-8"))
]


def test_commands_are_found_at_all() -> None:
    found = {command.split()[0] for _, command in TYPED}
    assert {"run", "backup", "restore", "move", "migrate", "doctor"} <= found


@pytest.mark.parametrize(("where", "command"), TYPED, ids=[" ".join(typed) for typed in TYPED])
def test_every_command_that_is_named_can_be_typed(where: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "a.backup").touch()
    words = [str(tmp_path / "a.backup") if word.endswith(".backup") else word for word in shlex.split(command)]
    parse([word.replace("%i", "intake") for word in words])


def test_a_slip_in_a_command_would_be_noticed() -> None:
    for wrong in ("backup --keep many", "backup --to-folder x", "ruN", "migrate --contracted", "keys rotat"):
        with pytest.raises(Exception, match=r"(?i)no such|valid integer"):
            parse(wrong.split())


def test_the_parts_named_are_the_parts_there_are() -> None:
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"aftercare@(\w+)", guide)) == set(PARTS) - {"console"}, "which runs in each"
    units = "\n".join(path.read_text(encoding="utf-8") for path in UNITS)
    assert set(re.findall(r"aftercare@(\w+)", units)) <= set(PARTS)
    only = [parts.replace("%i", "care").split(",") for parts in re.findall(r"--only (\S+)", units)]
    assert only
    assert all(set(parts) <= set(PARTS) for parts in only)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_is_locked_down_and_knows_the_site(path: Path) -> None:
    given, first = unit(path), unit(DEPLOY / "aftercare.service")
    locks = [name for name in first if re.search(r"\.(Protect|Private|Restrict|System|NoNew|Lock|Memory|Cap)", name)]
    assert len(locks) > 15
    assert {name: given[name] for name in locks} == {name: first[name] for name in locks}
    for name in ("DynamicUser", "User", "StateDirectory", "WorkingDirectory", "UMask"):
        assert given[f"Service.{name}"] == first[f"Service.{name}"], "they share the database and the keys"
    assert "/etc/aftercare/aftercare.env" in given["Service.EnvironmentFile"]
    assert given["Service.ExecStart"][0].split()[0] == PROGRAM


@pytest.mark.parametrize("path", [path for path in SERVICES if "backup" not in path.name], ids=lambda path: path.name)
def test_a_bot_that_stands_still_or_ends_is_started_anew(path: Path) -> None:
    given = unit(path)
    assert given["Service.Type"] == ["notify"]
    assert given["Service.WatchdogSec"] == ["60"]
    assert given["Service.Restart"] == ["always"]
    assert given["Unit.StartLimitIntervalSec"] == ["0"]


def test_the_socket_is_where_the_webhook_listens_by_default() -> None:
    default = Settings().webhook_listen
    assert unit(DEPLOY / "aftercare-webhook.socket")["Socket.ListenStream"] == [default]
    for proxy in ("Caddyfile", "nginx.conf"):
        assert default in (DEPLOY / proxy).read_text(encoding="utf-8")


def test_the_timer_comes_sooner_than_doctor_warns() -> None:
    given = unit(DEPLOY / "aftercare-backup.timer")
    assert given["Timer.OnCalendar"][0].startswith("*-*-* ")
    assert given["Timer.Persistent"] == ["true"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_what_a_unit_names_is_there(path: Path) -> None:
    names = {other.name for other in UNITS}
    for value in [value for name, values in unit(path).items() if name.startswith("Unit.") for value in values]:
        for named in re.findall(r"\baftercare[\w@-]*\.(?:service|socket|target)", value):
            assert re.sub(r"@\w+", "@", named) in names
        for place in re.findall(r"file:///opt/aftercare/(\S+)", value):
            assert (ROOT / place).exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true").replace("/opt/aftercare/deploy", "/tmp")  # noqa: S108 - a folder that exists
        (tmp_path / path.name).write_text(text, encoding="utf-8")
        if "@." in path.name:
            (tmp_path / path.name.replace("@.", "@care.")).write_text(text, encoding="utf-8")
    units = [path.name for path in tmp_path.iterdir() if "@." not in path.name]
    done = subprocess.run(  # noqa: S603 - a fixed command
        ["systemd-analyze", "verify", "--man=no", *units],  # noqa: S607 - wherever it is installed
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "aftercare" in line]
    assert not ours
    for name in units:
        if name.endswith(".service"):
            assert exposure(tmp_path / name) < 2


def exposure(path: Path) -> float:
    """How much a service could reach if it were taken over: 0 nothing, 10 everything."""
    done = subprocess.run(  # noqa: S603 - a fixed command
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)],  # noqa: S607 - as above
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


def test_the_proxies_let_nothing_through_but_what_telegram_posts() -> None:
    caddy = re.sub(r"#.*", "", (DEPLOY / "Caddyfile").read_text(encoding="utf-8"))
    assert re.search(r"@telegram \{\s+method POST\s+path /telegram\s+remote_ip [\d./ ]+\s+\}", caddy)
    assert len(re.findall(r"^\t*reverse_proxy\b", caddy, re.MULTILINE)) == 1
    assert re.search(r"handle @telegram \{[^@]*reverse_proxy", caddy)
    assert re.search(r"handle \{\s+respond 404\s+\}", caddy)
    nginx = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    assert re.findall(r"location (.+?) \{", nginx) == ["= /telegram", "/"]
    assert len(re.findall(r"proxy_pass", nginx)) == 1
    assert re.search(r"location / \{\s+return 404;\s+\}", nginx)
    assert set(re.findall(r"[\d.]+/\d+", nginx)) == set(re.findall(r"[\d.]+/\d+", caddy)), "the same networks"


def test_the_container_is_made_of_what_is_there_and_runs_as_nobody_in_particular() -> None:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    copied = [words for step, words in steps if step == "COPY" and not words.startswith("--from")]
    for words in copied:
        assert all((ROOT / source).exists() for source in words.split()[:-1]), words
    assert not any(words.split()[0] in {".", "./"} for words in copied), "settings and keys must not get in"
    bases = [words.split()[0] for step, words in steps if step == "FROM"]
    assert bases
    assert not any("/" in base for base in bases), "where images come from is the builder's affair"
    installs = [words for step, words in steps if step == "RUN" and "pip install" in words]
    assert all("--require-hashes" in words or "--no-index" in words for words in installs)
    last = max(number for number, (step, _) in enumerate(steps) if step == "FROM")
    users = [words for step, words in steps[last:] if step == "USER"]
    assert users == ["10001:10001"]
    assert any(step == "HEALTHCHECK" and "/healthz" in words for step, words in steps)
