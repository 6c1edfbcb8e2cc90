"""From the SOURCE text of a command to a source that can be read."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from controller.errors import WrongUsage
from controller.ports import Source
from controller.sources import folder, git, s3
from controller.sources.location import Opening, SourceForm, looks_like_scp, redact

FORMS: tuple[SourceForm, ...] = (folder.FORM, git.FORM, s3.FORM)
"""Every source there is, in the order in which messages list them; a new one adds its ``FORM`` here."""

SCHEMES: Mapping[str, SourceForm] = MappingProxyType(
    {scheme: form for form in FORMS for scheme in form.schemes}
)

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def open_source(text: str, opening: Opening) -> Source:
    """Return the source a text names; nothing is read yet. A folder whose name holds a colon is written ``./a:b``.

    Raises WrongUsage, listing what is accepted, for any other text.
    """
    match = _SCHEME.match(text)
    scheme = match.group(1).lower() if match else ""
    if not text or text.startswith("-") or looks_like_scp(text) or scheme not in SCHEMES:
        raise _not_accepted(text)
    return SCHEMES[scheme].open(text, opening)


def _not_accepted(text: str) -> WrongUsage:
    shown = repr(redact(text))
    if looks_like_scp(text):
        host, _, path = text.partition(":")
        return WrongUsage(
            f"source {shown} is Git's short ssh form", fix=f"write git+ssh://{host}/{path}"
        )
    if f"git+{text.partition(':')[0].lower()}" in SCHEMES:
        return WrongUsage(f"source {shown} does not say that it is Git", fix="write git+ before it")
    accepted = "; ".join(dict.fromkeys(form.accepts for form in FORMS))
    return WrongUsage(f"source {shown} is not one we can read", fix=f"write one of: {accepted}")
