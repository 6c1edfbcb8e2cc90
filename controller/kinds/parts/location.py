"""One location of a virtual host, as the load balancers' configuration takes it."""

from typing import Annotated

from pydantic import Field

from controller.kinds.language.spec import RefTo, Says, Spec

Line = Annotated[str, Field(min_length=1, max_length=4096), Says("a line of text")]
Lines = list[Line]
ErrorCode = Annotated[
    str, Field(pattern=r"^([0-9]{3}|all)$"), Says('a quoted status code such as "404", or all')
]
IpRange = Annotated[
    str,
    Field(
        pattern=(
            r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}"
            r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/(3[0-2]|[12]?[0-9]))?$"
        )
    ),
    Says("an IPv4 address or a range of them, such as 10.0.0.0/8"),
]
Interval = Annotated[str, Field(pattern=r"^[0-9]*[smh]$"), Says("a time such as 5s, 1m or 1h")]
Count = Annotated[int, Field(ge=0), Says("a whole number, 0 or more")]
Number = Annotated[int | float, Says("a number")]
ReturnCode = Annotated[
    Annotated[int, Field(ge=100, le=999)] | Annotated[str, Field(pattern=r"^[0-9]{3}$")],
    Says("a status code such as 301"),
]
SCHEMES = ("http://", "https://")


def proxied_host(proxy_pass: str) -> str | None:
    """Return the host of a proxy target, None if it does not begin with a scheme."""
    for scheme in SCHEMES:
        if proxy_pass.startswith(scheme):
            return proxy_pass.removeprefix(scheme).partition("/")[0]
    return None


def proxied_upstream(proxy_pass: str) -> str | None:
    """Return the name of the upstream a proxy target means, None if it means none.

    Domain rule: what follows the scheme is an upstream's name if it has neither a dot nor a ``$``.
    """
    host = proxied_host(proxy_pass)
    return host if host and "." not in host and "$" not in host else None


class HealthCheck(Spec):
    """How the load balancers find out whether a host is well."""

    interval: Interval | None = None
    fails: Count | None = None
    passes: Count | None = None
    uri: Annotated[Line | None, Field(serialization_alias="URI")] = None


class Rewrite(Spec):
    """One rewriting of the address."""

    condition: Line | None = None
    uri: Annotated[Line | None, Field(serialization_alias="URI")] = None
    state: Line | None = None


class Location(Spec):
    """What happens to requests whose path fits."""

    path: Line
    """Path of the requests, as nginx writes locations."""
    priority: Number | None = None
    """Order among the locations."""
    if_condition: Line | None = None
    """Condition around the location."""
    if_condition_priority: Number | None = None
    """Order among the conditions."""
    tokenise: bool | None = None
    proxy_set_headers: Lines | None = None
    """Headers set on the way to the upstream."""
    proxy_pass: Annotated[Line, RefTo("Upstream", read=proxied_upstream)] | None = None
    """Where requests go: http:// or https://, then an upstream's name, a host with a dot, or a variable."""
    health_check: HealthCheck | None = None
    proxy_http_version: (
        Annotated[str, Field(pattern=r"^[0-9](\.[0-9])?$"), Says('a quoted version such as "1.1"')]
        | None
    ) = None
    add_headers: Lines | None = None
    """Headers added to the answer."""
    return_code: ReturnCode | None = None
    return_uri: Annotated[Line | None, Field(serialization_alias="ReturnURI")] = None
    more_headers: Lines | None = None
    rewrite_condition: Line | None = None
    rewrite_uri: Annotated[Line | None, Field(serialization_alias="RewriteURI")] = None
    rewrite_state: Line | None = None
    rewrites: list[Rewrite] | None = None
    raw_nginx_config: Annotated[str, Field(min_length=1, max_length=65536)] | None = None
    """Text put into the configuration as it is."""
    set: Lines | None = None
    """Variables: "$name value"."""
    try_files: Line | None = None
    custom_error_codes: list[ErrorCode] | None = None
    cache_time: Line | None = None
    restrict_to: list[IpRange] | None = None
    """Addresses that may ask; all may if there are none."""

    def variables(self) -> tuple[str, ...]:
        """Return the variables the location sets: the first word of each entry."""
        return tuple(word for entry in self.set or () for word in entry.split(None, 1)[:1])
