"""Scaling schedules: sizes of a group that AWS itself sets at times."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from controller.kinds.language.spec import Says, Spec, unfit
from controller.kinds.parts.schedule_choice import a_schedule
from controller.kinds.parts.sizes import Count, Sizes
from controller.kinds.parts.texts import Text
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.zones import canonical_zone


def a_time_zone(name: str) -> str:
    """Return the name. Raises ValueError with what to write instead if there is no such time zone."""
    try:
        canonical_zone(name)
    except InvalidSchedule as refusal:
        raise unfit(refusal.message, refusal.fix) from None
    return name


def _a_cron(text: str) -> str:
    a_schedule(f"start: {text}")
    return text


TimeZone = Annotated[Text, AfterValidator(a_time_zone)]
Recurrence = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z*,/-]+( [0-9A-Za-z*,/-]+){4}$", max_length=255),
    Says('a cron of five fields, such as "0 8 * * 1-5"'),
    AfterValidator(_a_cron),
]


class ScalingSchedule(Spec):
    """Sizes that AWS sets each time the recurrence comes round; a size not given stays as it is."""

    recurrence: Recurrence
    """Cron of five fields: minute, hour, day of the month, month, day of the week."""
    timezone: TimeZone | None = None
    """IANA name of the recurrence's time zone. Default: UTC."""
    min_capacity: Count | None = None
    desired_capacity: Count | None = None
    max_capacity: Count | None = None

    @model_validator(mode="after")
    def _sizes_make_sense(self) -> "ScalingSchedule":
        sizes = Sizes(self.min_capacity, self.desired_capacity, self.max_capacity)
        if all(size is None for size in sizes):
            raise unfit(
                "a scaling schedule without a size changes nothing",
                "add desiredCapacity, minCapacity or maxCapacity",
            )
        wrong = sizes.disorder()
        if wrong:
            raise unfit(wrong, "correct the sizes")
        return self
