"""The page of settings: each with its text, its default and its variable, and examples that are read as settings before they are shown."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from controller.kinds.language.documented import field_texts
from controller.loading.issues import model_in
from controller.settings import Settings, read_settings, variable_of
from controller.variables import NOT_SETTINGS

INTRO: Final = (
    "One YAML file, from `--config` or `ENVCTL_CONFIG` (a path or `s3://BUCKET/KEY`); none is needed. A variable of the "
    "environment wins over the file. Unknown settings and variables are errors. Secrets are references (`env://NAME`), never values. "
    "Editors check the file with `schemas/settings.schema.json`. AWS itself is found the ordinary way: credential chain, "
    "`AWS_PROFILE`, `AWS_ENDPOINT_URL`."
)
STRANGERS: Final = (
    "Any other variable that begins with `ENVCTL_` is refused as an unknown setting is, with exit code 64 and the name that was "
    "meant: a limit that is misspelt must not be taken for set. Left alone are those that the settings name as `env://NAME`, and "
    "those that Kubernetes makes of a Service called `envctl`."
)
EXAMPLES: Final = {
    "The first day, from a folder beside the file": """\
region: eu-west-1
source: {folder: fleet}
""",
    "A fleet in Git; groups and schedules are acted on; who merges may approve by a line of the commit": """\
source:
  git: {url: "https://git.example/acme/fleet.git", ref: main, path: fleet, credentials: env://FLEET_TOKEN}
targets: {groups: enforce, scaling-schedules: enforce, power: enforce}
guards: {maxDeletes: 20, maxInstancesEnded: 10}
approvals: {inCommits: merged, committers: [GitHub <noreply@github.com>]}
""",
    "What reports of saved hours need: the price of an hour by type": """\
prices: {m6i.large: 0.107, t3.medium: 0.0456}
""",
    "The daemon: a queue that several share, snapshots and looks in buckets, news for a topic": """\
queue: {sqs: "https://sqs.eu-west-1.amazonaws.com/123456789012/envctl.fifo"}
snapshots: {bucket: acme-backups}
observed: {bucket: acme-looks}
notify: {topic: "arn:aws:sns:eu-west-1:123456789012:envctl-alerts"}
http: {port: 8080, credentials: "s3://acme-config/envctl/http.yaml"}
""",
}
"""What it is for -> the text of the file."""


def settings_lines() -> Iterator[str]:
    """Yield the page's lines below its introduction. Raises as reading settings where an example is none."""
    yield "| setting | default | variable | |\n|---|---|---|---|"
    yield from _fields(Settings, (), Settings())
    yield "\n## Variables that are no settings\n\n| variable | |\n|---|---|"
    for variable, text in NOT_SETTINGS.items():
        yield f"| `{variable}` | {text} |"
    yield f"\n{STRANGERS}"
    yield "\n## Examples"
    for purpose, text in EXAMPLES.items():
        read_settings("settings.yaml", text.encode(), {})
        yield f"\n{purpose}:\n\n```yaml\n{text}```"


def _fields(model: type[BaseModel], above: tuple[str, ...], value: Any) -> Iterator[str]:
    texts = field_texts(model)
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        part = model_in(field.annotation)
        found = getattr(value, name, None) if value is not None else field.default
        if part is not None:
            yield from _fields(part, path, found)
            continue
        required = value is None and field.is_required()
        shown = "" if found in (None, "", (), {}) else f"`{_plain(found)}`"
        shown = f"required with `{'.'.join(above)}`" if required else shown
        text = " ".join(texts[name].split()).replace("``", "`").replace("|", "\\|")
        yield f"| `{'.'.join(path)}` | {shown} | `{variable_of(path)}` | {text} |"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
