"""What can go wrong in the shell, in words a person can act on.

An exception's docstring is its message; a message given at the raise replaces it with the particulars.

    AftercareError
    ├── SettingsError       a setting is missing, unknown or unusable; `problems` lists them all
    └── KeyFileError        the file with the encryption keys cannot be read or made

Each module adds its own below AftercareError, next to the code that raises them. The core (schedules/) has its own
errors, because it imports nothing of the shell.
"""

from __future__ import annotations

from collections.abc import Iterable


class AftercareError(Exception):
    """Something went wrong in Aftercare."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class SettingsError(AftercareError):
    """The settings cannot be used."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"The settings cannot be used. Mend these in the environment or in .env:{lines}")


class KeyFileError(AftercareError):
    """The file with the encryption keys cannot be read or made."""
