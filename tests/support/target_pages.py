"""The page of docs/reference on live targets, made from the catalog."""

from collections.abc import Iterator, Sequence

from controller import catalog
from controller.ports import LiveTarget
from controller.settings import TargetModes

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"
INTRO = (
    "What follows the accepted state in each account and region. Modes are those of a fresh install; the weaker of the target's mode "
    "and the Account's `mode` holds. A package named in the setting `extensions` adds targets: each of its modules defines a `TARGET` "
    "(protocol `LiveTarget` in `controller/ports.py`), whose mode is set in `targets.others`."
)


def target_pages() -> dict[str, str]:
    """Return file name -> text."""
    return {"targets.md": target_page(catalog.live_targets())}


def target_page(targets: Sequence[LiveTarget]) -> str:
    """Return the page on these targets."""
    return "\n".join([NOTE, "# Live targets", "", INTRO, "", *_rows(targets), ""])


def _rows(targets: Sequence[LiveTarget]) -> Iterator[str]:
    modes = TargetModes()
    yield "| target | manages | mode | |"
    yield "|---|---|---|---|"
    for target in targets:
        kinds = ", ".join(f"`{kind}`" for kind in target.kinds)
        yield f"| `{target.name}` | {kinds} | `{modes.of(target.name)}` | {target.summary} |"
