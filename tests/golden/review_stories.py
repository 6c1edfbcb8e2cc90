"""Stories of what a reviewer has to see first, or must not take for something else."""

from dataclasses import replace

from controller.model.plan import Edit
from controller.model.ref import Origin
from tests.golden.stories import (
    Scope,
    environment,
    group,
    one_field_of_a_map_that_many_share,
    scoped,
    service,
)
from tests.unit.planning.worlds import found, ref, scope_of, wanted


def a_retired_environment_takes_its_groups() -> list[Scope]:
    edit = Edit(Origin("fleet/staging/c07.yaml", 6), "lifecycle  (absent) → retired")
    retired = {"spec": {"lifecycle": "retired"}}
    config = scoped(
        [wanted("Environment/c07", environment("c07"), extra=retired)],
        scope_of(found("Environment/c07", environment("c07"))),
        {"Environment/c07": "fleet/staging/c07.yaml"},
        edits={ref("Environment/c07"): edit},
    )
    names = [f"Group/c07-ta-{role}" for role in ("Web", "Db")]
    live = scoped(
        [],
        scope_of(
            *(found(name, group("web-1.4.2")) for name in names), scope="111111111111/eu-west-1"
        ),
        live=True,
        edits={ref(name): edit for name in names},
        effects={"ended": 3},
    )
    return [config, live]


def one_account_only_observes() -> list[Scope]:
    config, first, second = one_field_of_a_map_that_many_share()
    return [config, first, replace(second, is_observed=True)]


HOSTILE = (
    "</details> @acme/all #1 `ls` **x** <img src=x> [y](https://evil.example) \U0001f680\u202e"
)


def values_that_would_be_read_as_something_else() -> list[Scope]:
    before, after = (
        service("Search", 40012, Note=note) for note in ("calm", f"{HOSTILE}\n```\n/close\n")
    )
    name = f"Service/{HOSTILE.replace('/', '-')}"
    return [
        scoped(
            [wanted("Service/Search", after), wanted(name, service("Odd", 40020, Owner=HOSTILE))],
            scope_of(found("Service/Search", before)),
            {"Service/Search": f"fleet/{HOSTILE}.yaml", name: "fleet/services.yaml"},
        )
    ]
