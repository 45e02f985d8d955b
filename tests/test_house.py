"""The rules of the house that no other tool checks. Each failure says where, and what to do instead."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path

import pytest

from bot import settings

ROOT = Path(__file__).parents[1]
FILE_LINES = 300
ONE_PAGE = {"bot/db/models.py"}  # the whole schema, to be read in one place
FUNCTION_LINES = 40
OWN_CODE = ("bot", "schedules")

WALL_CLOCK = re.compile(r"\b(?:datetime|date)\.(?:now|utcnow|today)$|^time\.(?:time|time_ns|localtime|gmtime|ctime)$")

LONG_NUMBER = re.compile(
    r"\+\d[\d ()-]{7,}\d"
    r"|(?<![\w.,:/-])\(?0\d{2,4}\)?[ -]\d{3,4}[ -]?\d{3,4}(?![\w.-])"
    r"|(?<![\w.-])\(?\d{3}\)?[ -]\d{3}-\d{4}(?![\w.-])"
)
DIALLED = re.compile(r"\b(?:ring|call|dial|phone|llam[ae]r?|marque)\s+(?:al\s+|the\s+)?\d{2,}", re.IGNORECASE)
TELEPHONES = (LONG_NUMBER, DIALLED)
NOBODYS = re.compile(r"\+44 1632 960(?: ?\d{3})?")  # kept free for fiction by Ofcom; the rehearsal's cast has them

REGISTRY_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "index" + "-url =",
    "--index" + "-url",
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:root|work|home/\w+|Users/\w+|opt/wheels)/[\w.]")


def tracked(*suffixes: str) -> list[Path]:
    """The files of the repository, tracked or about to be, with one of these suffixes (all when none is given)."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 - a fixed command
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody can say which files belong to the repository")
    files = [ROOT / line for line in listed.stdout.splitlines()]
    return [file for file in files if file.is_file() and (not suffixes or file.suffix in suffixes)]


def own_code(*packages: str) -> list[Path]:
    """The Python files of our packages."""
    return sorted(chain.from_iterable((ROOT / package).rglob("*.py") for package in packages or OWN_CODE))


@lru_cache(maxsize=512)
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def at(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call in the file with what is called, as written: "datetime.now"."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def strings(path: Path) -> Iterator[ast.Constant]:
    """Every text in the code, docstrings included."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def test_no_file_has_two_subjects() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in own_code()}
    long = [f"{path}: {lines}" for path, lines in lengths.items() if lines > FILE_LINES and path not in ONE_PAGE]
    assert not long, f"split by subject, at most {FILE_LINES} lines each"


def test_no_function_has_two_subjects() -> None:
    long = [
        f"{at(path, node)} {node.name}: {node.end_lineno - node.lineno + 1}"
        for path in own_code()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    ]
    assert not long, f"split by subject, at most {FUNCTION_LINES} lines each"


def test_only_the_clock_reads_the_wall_clock() -> None:
    guilty = [
        f"{at(path, node)} {name}"
        for path in own_code()
        if path != ROOT / "bot" / "clock.py"
        for node, name in calls(path)
        if WALL_CLOCK.search(name)
    ]
    assert not guilty, "take `now` as an argument, or ask bot.clock"


def test_no_wait_swallows_a_cancellation() -> None:
    guilty = [at(path, node) for path in own_code("bot") for node, name in calls(path) if name == "asyncio.wait_for"]
    assert not guilty, "before Python 3.12 wait_for can lose a cancellation: use asyncio.timeout"


def test_no_name_of_the_time_module_is_imported_loose() -> None:
    loose = [
        at(path, node)
        for path in own_code()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.module == "time"
    ]
    assert not loose, "import the module, so that a reading of the clock can be seen: time.monotonic()"


def test_tests_fake_the_outside_and_never_our_code() -> None:
    guilty = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node, name in calls(path):
            patches = name.endswith(("mock.patch", "mock.patch.object", "mock.patch.dict")) or name == "patch"
            target = ast.unparse(node.args[0]).strip("'\"") if node.args else ""
            replaces = name.endswith("monkeypatch.setattr") and not target.startswith(("sys", "os"))
            if patches or replaces:
                guilty.append(f"{at(path, node)} {name}({target}, …)")
    assert not guilty, "pass a fake as an argument, or fake the wire"


def test_no_update_is_ever_thrown_away() -> None:
    guilty = []
    for path in own_code("bot"):
        if "sandbox" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.keyword) and (
                node.arg == "drop_pending_updates" or (node.arg == "offset" and _is_negative(node.value))
            ):
                guilty.append(at(path, node))
            if isinstance(node, ast.Dict) and any(
                _names_a_loss(*pair) for pair in zip(node.keys, node.values, strict=True)
            ):
                guilty.append(at(path, node))
            if isinstance(node, ast.Attribute | ast.Constant) and _is_log_out(node):
                guilty.append(at(path, node))
    assert not guilty, "drop_pending_updates, a negative offset and logOut lose what patients wrote"


def _names_a_loss(key: ast.expr | None, value: ast.expr) -> bool:
    name = key.value if isinstance(key, ast.Constant) else None
    return name == "drop_pending_updates" or (name == "offset" and _is_negative(value))


def _is_negative(value: ast.expr) -> bool:
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)


def _is_log_out(node: ast.Attribute | ast.Constant) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.value
    return isinstance(name, str) and name in {"log_out", "logOut", "drop_pending_updates"}


def test_the_library_neither_polls_nor_paces_for_us() -> None:
    guilty = [
        f"{at(path, node)} {name}"
        for path in own_code("bot")
        for node, name in calls(path)
        if name.rpartition(".")[2] in {"Updater", "run_polling", "start_polling", "run_webhook", "AIORateLimiter"}
    ]
    assert not guilty, "they confirm an update before it is stored, and let an emergency wait behind bulk"


def test_no_telephone_number_is_written_in_the_code() -> None:
    guilty = [
        f"{at(path, text)} {text.value!r}"
        for path in own_code()
        for text in strings(path)
        if _has_telephone(str(text.value), rehearsal="sandbox" in path.parts)
    ]
    assert not guilty, "numbers are site data: use {team_phone}, {emergency_number}, {out_of_hours}, {crisis_line}"


def _has_telephone(text: str, *, rehearsal: bool) -> bool:
    text = NOBODYS.sub("", text) if rehearsal else text
    return any(pattern.search(text) for pattern in TELEPHONES)


def test_no_telephone_number_is_written_in_a_pathway_or_a_translation() -> None:
    guilty = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in tracked(".yaml", ".po", ".pot", ".html", ".j2")
        if path.relative_to(ROOT).parts[0] in OWN_CODE
        and not path.name.startswith("freetext.")  # what patients type, to be recognised; nobody is sent it
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(pattern.search(line) for pattern in TELEPHONES)
    ]
    assert not guilty, "numbers are site data: use {team_phone}, {emergency_number}, {out_of_hours}, {crisis_line}"


@pytest.mark.parametrize("text", ["Ring 999 now", "llame al 112", "+44 20 7946 0000", "0207 946 0000", "212-555-0100"])
def test_a_telephone_number_would_be_noticed(text: str) -> None:
    assert any(pattern.search(text) for pattern in TELEPHONES)


@pytest.mark.parametrize("text", ["Ring {team_phone} now", "2026-03-02", "0.35", "day 42", "PMID 31234567", "+02:00"])
def test_what_is_no_telephone_number_is_left_alone(text: str) -> None:
    assert not any(pattern.search(text) for pattern in TELEPHONES)


def test_no_file_names_a_package_registry_or_a_machine() -> None:
    guilty = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if any(host in line for host in REGISTRY_HOSTS) or MACHINE_PATHS.search(line):
                guilty.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:120]}")
    assert not guilty


def test_every_locked_requirement_has_a_hash_and_no_address() -> None:
    guilty = []
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = re.sub(r"\\\n", "", path.read_text(encoding="utf-8"))
        for line in text.splitlines():
            if line and not line.lstrip().startswith("#") and ("==" not in line or "--hash=sha256:" not in line):
                guilty.append(f"{path.name}: {line[:60]}")
            if "://" in line or line.startswith("--"):
                guilty.append(f"{path.name}: {line[:60]}")
    assert not guilty, "run: make lock"


@pytest.mark.parametrize("document", [".env.example", "README.md"])
def test_every_setting_is_documented(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    unknown = [name for name in settings.variables() if not re.search(rf"(?<![A-Z_]){name}(?![A-Z_])", text)]
    assert not unknown, f"describe these in {document}"


def test_the_example_env_file_names_only_settings_and_gives_no_number() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", "\n".join(lines), re.MULTILINE))
    assert set(given) == set(settings.variables())
    assert [given[name.upper()] for name in settings.readiness.NUMBERS] == [""] * 4


def test_every_setting_of_the_example_has_one_line_above_that_explains_it() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    bare = [line for before, line in pairwise(lines) if re.match(r"#?[A-Z_]+=", line) and before[:2] != "# "]
    assert not bare
