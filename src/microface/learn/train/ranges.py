"""What the settings of a run may be: types with their ranges, as `checked` reads them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

Points = tuple[tuple[float, float], ...]
"""(share of the run, value), in rising order of the share."""
From0 = Annotated[float, Field(ge=0)]
Above0 = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
ShareBelow1 = Annotated[float, Field(ge=0, lt=1)]
Angle = Annotated[float, Field(ge=0, le=180)]
"""Degrees."""
Levels = Annotated[float, Field(ge=0, le=255)]
Count = Annotated[int, Field(ge=0)]
FromOne = Annotated[int, Field(ge=1)]
Two = Annotated[int, Field(ge=2)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
"""What numpy and torch both take."""


def _rising(points: Sequence[tuple[float, float]]) -> Any:
    """Return `points`; refuse shares out of order or of 0..1, and values below 0."""
    shares = [share for share, _ in points]
    if shares != sorted(shares) or not all(0 <= share <= 1 and value >= 0 for share, value in points):
        raise ValueError("should be [share of the run, value] pairs: shares rising within 0..1, values from 0")
    return points


def _sizes(points: Points) -> Points:
    if not points or points[0][0] != 0 or not all(0 < size <= 1 for _, size in points):
        raise ValueError(
            "should begin at the share 0.0 and have sizes above 0 and up to 1, as [[0.0, 0.5], [0.4, 1.0]]"
        )
    return points


Factors = Annotated[Points, AfterValidator(_rising)]
Sizes = Annotated[Factors, AfterValidator(_sizes)]
_Weights = Annotated[Points, Field(min_length=1), AfterValidator(_rising)]
_WEIGHT: TypeAdapter[float | Points] = TypeAdapter(Annotated[float, Field(ge=0, allow_inf_nan=False)] | _Weights)


def _weighed(term: Any) -> Any:
    """Return the options of a loss; a number alone is its weight."""
    options = term if isinstance(term, dict) else {"weight": term}
    try:
        _WEIGHT.validate_python(options.get("weight", 1.0))
    except ValidationError as error:
        raise ValueError("should have a weight from 0, or a list of rising [share of the run, weight]") from error
    return options


Terms = dict[str, Annotated[dict[str, Any], BeforeValidator(_weighed)]]
"""Losses by name with their options, which each loss checks itself."""
