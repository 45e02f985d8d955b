"""The condition language of rules and skip logic, as data.

Every condition is upward-closed in the answers: there is no "not" on an answer, only sets of options, thresholds,
and "there is no answer". A condition is written as a mapping with one telling key, e.g. `{q: bladder, in: [leaking]}`.
`facts.py` says whether a condition holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    Discriminator,
    Field,
    StrictInt,
    StrictStr,
    Tag,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from schedules.claims import AnswerAtMost, Heard, Ids, Number
from schedules.levels import Content, Level


class AnswerIn(Content):
    """`{q, in}`: the single choice is one of these options (or a number question's special answer)."""

    q: StrictStr
    in_: Ids = Field(alias="in")


class AnswerHasAny(Content):
    """`{q, has_any}`: the multiple choice includes one of these options."""

    q: StrictStr
    has_any: Ids


class AnswerAtLeast(Content):
    """`{q, gte}`: the number or score is at least this."""

    q: StrictStr
    gte: Number


class Unanswered(Content):
    """`{unanswered: q}`: the question was to be asked and has no answer; never while the check-in is open."""

    unanswered: StrictStr


class Unreadable(Content):
    """`{unreadable: q}`: there is an answer, but it is no option and no possible number."""

    unreadable: StrictStr


class DayRange(Content):
    """Local calendar days since surgery, both ends included."""

    gte: StrictInt | None = None
    lte: StrictInt | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> DayRange:
        first, last = self.gte, self.lte
        if (first is None and last is None) or (first is not None and last is not None and first > last):
            raise ValueError("give gte, lte or both, so that some day fits")
        return self


class Days(Content):
    """`{days: {gte, lte}}`."""

    days: DayRange


class ProcedureIs(Content):
    """`{procedure: [..]}`: one of these operations; an unknown or other operation satisfies every such test."""

    procedure: Ids


class StatusIs(Content):
    """`{status: missed|partial|completed}`, or a list of them."""

    status: tuple[Literal["missed", "partial", "completed"], ...]

    @field_validator("status", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class CheckInIs(Content):
    """`{checkin: [..]}`."""

    checkin: Ids


class BaselineIn(Content):
    """`{baseline: {q, in}}`: what staff recorded before surgery is one of these."""

    baseline: AnswerIn


class BaselineNot(Content):
    """`{baseline_not: {q, in}}`: it is none of these; true also when the baseline is missing."""

    baseline_not: AnswerIn


class DeltaSpec(Content):
    """Now minus then. `previous`: the latest earlier valid number; `best`: the lowest earlier one; both post-op."""

    q: StrictStr
    vs: Literal["previous", "baseline", "best"]
    gte: Number


class Delta(Content):
    """`{delta: {q, vs, gte}}`; false when there is nothing to compare with."""

    delta: DeltaSpec


class BaselineValue(Content):
    """`{baseline_value: {q, gte}}`."""

    baseline_value: AnswerAtLeast


class PointsSpec(Content):
    """A question and a number of points on its scale."""

    q: StrictStr
    points: Number


class ImprovedLessThan(Content):
    """`{improved_less_than: {q, points}}`: baseline minus now is less; false without a baseline."""

    improved_less_than: PointsSpec


class BestImproved(Content):
    """`{best_improved: {q, points}}`: baseline minus the best earlier post-op number is at least this."""

    best_improved: PointsSpec


class AtLeastCount(Content):
    """A number of times."""

    gte: Annotated[StrictInt, Field(ge=1)]


class MissedInRow(Content):
    """`{missed_in_row: {gte}}`: scheduled check-ins missed in a row, this one included."""

    missed_in_row: AtLeastCount


class AtLeastLevel(Content):
    """A level or higher."""

    gte: Level


class PreviousLevel(Content):
    """`{previous_level: {gte}}`: the level of the last answered check-in."""

    previous_level: AtLeastLevel


class FreeTextLevel(Content):
    """`{free_text_level: urgent}`: the free-text net returned this level."""

    free_text_level: Level


class CountSpec(Content):
    """How many of these conditions must hold."""

    gte: Annotated[StrictInt, Field(ge=1)]
    of: tuple[Condition, ...]


class Count(Content):
    """`{count: {gte, of}}`."""

    count: CountSpec


class All(Content):
    """`{all: [..]}`: every one holds."""

    all_: tuple[Condition, ...] = Field(alias="all", min_length=1)


class AnyOf(Content):
    """`{any: [..]}`: at least one holds."""

    any_: tuple[Condition, ...] = Field(alias="any", min_length=1)


def _kind(value: Any) -> str | None:
    """The telling key of a mapping, or of a model already built; None when there is not exactly one."""
    if isinstance(value, dict):
        keys = [key for key in value if key != "q"]
    elif isinstance(value, Content):
        keys = [field.alias or name for name, field in type(value).model_fields.items() if name != "q"]
    else:
        keys = []
    return keys[0] if len(keys) == 1 and keys[0] in KEYS else None


Condition = Annotated[
    Annotated[AnswerIn, Tag("in")]
    | Annotated[AnswerHasAny, Tag("has_any")]
    | Annotated[AnswerAtLeast, Tag("gte")]
    | Annotated[AnswerAtMost, Tag("lte")]
    | Annotated[Unanswered, Tag("unanswered")]
    | Annotated[Unreadable, Tag("unreadable")]
    | Annotated[Days, Tag("days")]
    | Annotated[ProcedureIs, Tag("procedure")]
    | Annotated[StatusIs, Tag("status")]
    | Annotated[CheckInIs, Tag("checkin")]
    | Annotated[BaselineIn, Tag("baseline")]
    | Annotated[BaselineNot, Tag("baseline_not")]
    | Annotated[Delta, Tag("delta")]
    | Annotated[BaselineValue, Tag("baseline_value")]
    | Annotated[ImprovedLessThan, Tag("improved_less_than")]
    | Annotated[BestImproved, Tag("best_improved")]
    | Annotated[MissedInRow, Tag("missed_in_row")]
    | Annotated[PreviousLevel, Tag("previous_level")]
    | Annotated[FreeTextLevel, Tag("free_text_level")]
    | Annotated[Heard, Tag("heard")]
    | Annotated[Count, Tag("count")]
    | Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")],
    Discriminator(
        _kind,
        custom_error_type="unknown_condition",
        custom_error_message="A condition has one telling key, such as in, has_any, gte, unanswered, days, all or any",
    ),
]

KEYS = tuple(get_args(member)[1].tag for member in get_args(get_args(Condition)[0]))
"""The telling key of each kind of condition."""

CountSpec.model_rebuild()
_ADAPTER: TypeAdapter[Condition] = TypeAdapter(Condition)


def parse(mapping: object) -> Condition:
    """The condition written as `mapping`. Raises ValueError that names the key when it is not one."""
    try:
        return _ADAPTER.validate_python(mapping)
    except ValidationError as error:
        raise ValueError(str(error)) from error


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and every condition inside it, outermost first."""
    yield condition
    match condition:
        case All(all_=parts) | AnyOf(any_=parts):
            inner: tuple[Condition, ...] = parts
        case Count(count=spec):
            inner = spec.of
        case _:
            inner = ()
    for part in inner:
        yield from walk(part)


def questions_of(condition: Condition) -> Iterator[str]:
    """The ids of the questions a condition asks about, now or in history; one id may come more than once."""
    for part in walk(condition):
        match part:
            case AnswerIn() | AnswerHasAny() | AnswerAtLeast() | AnswerAtMost():
                yield part.q
            case Unanswered(unanswered=name) | Unreadable(unreadable=name):
                yield name
            case BaselineIn(baseline=of) | BaselineNot(baseline_not=of):
                yield of.q
            case BaselineValue(baseline_value=at_least):
                yield at_least.q
            case Delta(delta=delta):
                yield delta.q
            case ImprovedLessThan(improved_less_than=points) | BestImproved(best_improved=points):
                yield points.q
