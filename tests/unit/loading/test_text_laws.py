"""Two laws: what the fast way refuses has a problem, and the reverse; what it accepts means what YAML 1.2 says."""

import re
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.loading.documents import Irregular, parse_documents
from controller.loading.positions import Positions
from controller.loading.text_problems import find_text_problems


class CoreSchemaLoader(yaml.CSafeLoader):
    """PyYAML's own loader with the resolvers of YAML 1.2's core schema, as its specification prints them."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute


def _integer(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0 if text[:2] in {"0o", "0x"} else 10)


def _float(loader: Any, node: Any) -> float:
    return float(loader.construct_scalar(node))


for _tag, _pattern in (
    ("null", r"null|Null|NULL|~|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    ),
):
    CoreSchemaLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), None
    )
CoreSchemaLoader.add_constructor("tag:yaml.org,2002:int", _integer)
CoreSchemaLoader.add_constructor("tag:yaml.org,2002:float", _float)

ENVIRONMENT = """\
apiVersion: envctl/v1
kind: Environment
metadata: {name: c50, labels: {purpose: performance}, protect: true}
spec:
  owningCluster: Tango   # why
  roles:
    Web: {ami: web-1.4.3, sizes: [2, 6.5, 0x1F]}
"""
ODDITIES = """\
a: &x
  - from: 08:00
    to: '19:00'
  - ~
b: *x
c: |
  text
  more
---
d: !!str 1
e: [{f: g}, "h\\n"]
"""
SPICE = st.sampled_from(
    [
        *"\t\n\r :-[]{},'\"|>#&*!%@`?~.01xeñ\0\x1b\x85\u2028\ufeff",
        "<<",
        "---\n",
        "\n  ",
        ": ",
        "- ",
        "&x ",
        "*x",
        "!!int ",
        "012",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.text("0123456789.:-+exo_~tf", max_size=6),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw YAML with a few characters put in, taken out or doubled."""
    text = draw(st.sampled_from([ENVIRONMENT, ODDITIES]))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 3))
        text = text[:at] + draw(SPICE | st.just("")) + text[at + cut :]
    return text.encode()


def assert_the_laws_hold(data: bytes) -> None:
    problems = find_text_problems("f.yaml", data)
    Positions(data).locate(0, ("spec", "roles", 0))
    try:
        documents = parse_documents(data)
    except Irregular:
        assert problems
        for problem in problems:
            assert problem.fix
            assert problem.excerpt
            assert problem.excerpt.start <= len(problem.excerpt.text)
        return
    assert problems == ()
    loaded = yaml.load_all(data.decode("utf-8-sig"), Loader=CoreSchemaLoader)
    # An empty document is told beside what is wrong with the others: there it is one that holds nothing.
    wanted = [{} if value is None else value for value in loaded]
    assert repr([document.value for document in documents]) == repr(wanted)


@settings(max_examples=400, deadline=None)
@given(mutated())
@example(b"---\na: 1\n---\n")
def test_mutated_yaml(data: bytes) -> None:
    assert_the_laws_hold(data)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40) | st.text(SPICE.map(lambda spice: spice[0]), max_size=40).map(str.encode)
)
def test_any_bytes(data: bytes) -> None:
    assert_the_laws_hold(data)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=6), VALUES, max_size=5), min_size=1, max_size=3),
    st.booleans(),
)
def test_what_was_written_is_read(values: list[dict[str, Any]], flow: bool) -> None:
    text = yaml.dump_all(
        values,
        Dumper=Dumper,
        allow_unicode=False,
        default_flow_style=flow,
        explicit_start=True,
        sort_keys=False,
    )
    assert_the_laws_hold(text.encode())
    assert repr([document.value for document in parse_documents(text.encode())]) == repr(values)


class Dumper(yaml.CSafeDumper):
    """Quotes every text, so that what is read must be what was written."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
