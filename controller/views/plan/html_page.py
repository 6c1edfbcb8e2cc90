"""The page around a report: its looks in light, dark and on paper, and the script that searches and filters.

The script is a constant, and the only one that the page lets run: its digest is in the page's policy, which also lets nothing be
fetched. Without scripts everything is there, and only the tools are not.
"""

import base64
import hashlib
from html import escape
from typing import Final

_LIGHT: Final = (
    "--ink:#1c2026;--paper:#fff;--soft:#5c6570;--line:#d8dde3;--box:#f5f7f9;"
    "--add:#0a6b2d;--change:#855300;--remove:#a8201a"
)
_DARK: Final = (
    "--ink:#e4e7eb;--paper:#15181c;--soft:#9aa4b0;--line:#343a42;--box:#1d2126;"
    "--add:#6fd08c;--change:#e3b341;--remove:#ff8a80"
)
STYLE: Final = f"""
:root{{color-scheme:light dark;{_LIGHT}}}
@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
:root[data-theme=light]{{color-scheme:light;{_LIGHT}}}
:root[data-theme=dark]{{color-scheme:dark;{_DARK}}}
body{{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:66rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}}
h1{{font-size:1.3rem;margin:0;overflow-wrap:anywhere}}h2{{font-size:1.1rem;margin:2rem 0 .5rem}}p{{margin:.3rem 0}}
.soft{{color:var(--soft)}}.counts{{font-size:1.15rem;font-weight:600}}
code,pre,table{{font:14px/1.5 ui-monospace,monospace}}
details,.refused,.approved,.worst{{border:1px solid var(--line);border-radius:6px;background:var(--box);
margin:.6rem 0;padding:.5rem .8rem}}
.refused,.worst{{border-left:5px solid var(--remove)}}.approved{{border-left:5px solid var(--add)}}
summary{{cursor:pointer;overflow-wrap:anywhere}}summary b{{font-weight:600}}ul{{list-style:none;margin:.4rem 0;padding:0}}
li{{padding:.25rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}}li:first-child{{border-top:0}}
.sign{{display:inline-block;min-width:4.7rem;font-weight:600}}
.add{{color:var(--add)}}.change{{color:var(--change)}}.remove{{color:var(--remove)}}
.whole{{border:0;background:none;margin:0 0 0 4.7rem;padding:0}}.whole summary{{color:var(--soft)}}
.whole table{{margin-left:0}}
.scroll{{overflow-x:auto}}table{{border-collapse:collapse;margin:.2rem 0 .2rem 4.7rem}}
td,th{{text-align:left;vertical-align:top;padding:.1rem .8rem .1rem 0;overflow-wrap:anywhere}}th{{color:var(--soft);font-weight:400;overflow-wrap:break-word}}
pre{{overflow-x:auto;margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere}}
.tools{{position:sticky;top:0;display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;padding:.6rem 0;margin:1rem 0 0;
background:var(--paper);border-bottom:1px solid var(--line)}}
.tools[hidden],[hidden]{{display:none}}
.tools input,.tools select,.tools button{{font:inherit;padding:.25rem .5rem;color:inherit;background:var(--box);
border:1px solid var(--line);border-radius:6px;max-width:14rem}}.tools input{{flex:1 1 12rem}}
@media print{{:root,:root[data-theme]{{color-scheme:light;{_LIGHT}}}.tools{{display:none}}body{{max-width:none;padding:0;font-size:11pt}}
details,.refused,.approved,.worst{{break-inside:auto}}li,tr{{break-inside:avoid}}}}
@media (max-width:40rem){{table,.whole{{margin-left:0}}.sign{{min-width:0;margin-right:.5rem}}}}
""".strip()

SCRIPT: Final = """
(() => {
  const tools = document.querySelector(".tools");
  const search = tools.querySelector("input");
  const selects = [...tools.querySelectorAll("select")];
  const entries = [...document.querySelectorAll("li[data-kind]")].map((item) => ({
    item,
    text: item.textContent.toLowerCase(),
    kind: [item.dataset.kind],
    cause: [item.dataset.cause],
    scope: item.dataset.scope.split("\\n"),
  }));
  const groups = [...document.querySelectorAll("details.group")].map((group) => ({
    group,
    items: [...group.querySelectorAll("li")],
    text: group.querySelector("summary").textContent.toLowerCase(),
  }));
  for (const select of selects) {
    const values = new Set(entries.flatMap((entry) => entry[select.name]).filter(Boolean));
    for (const value of [...values].sort()) select.add(new Option(value, value));
    select.hidden = values.size < 2;
  }
  const count = tools.querySelector("output");
  const show = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const asked = words.length > 0 || selects.some((select) => select.value);
    const titles = new Map(groups.flatMap(({items, text}) => items.map((item) => [item, text])));
    let shown = 0;
    for (const entry of entries) {
      const text = entry.text + " " + (titles.get(entry.item) || "");
      const fits = words.every((word) => text.includes(word)) &&
        selects.every((select) => !select.value || entry[select.name].includes(select.value));
      entry.item.hidden = !fits;
      shown += fits;
    }
    for (const {group, items} of groups) {
      const rest = items.filter((item) => !item.hidden && (item.dataset.kind || !asked));
      group.hidden = items.length > 0 && rest.length === 0;
      if (asked && !group.hidden) group.open = true;
    }
    count.textContent = asked ? `${shown} of ${entries.length}` : "";
  };
  search.addEventListener("input", show);
  for (const select of selects) select.addEventListener("change", show);
  tools.addEventListener("click", (event) => {
    const act = event.target.dataset.act;
    const all = [...document.querySelectorAll("details")];
    if (act === "fold") {
      const open = all.some((one) => !one.open);
      for (const one of all) one.open = open;
    }
    if (act === "theme") {
      const dark = getComputedStyle(document.documentElement).colorScheme === "dark" ||
        (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme:dark)").matches);
      document.documentElement.dataset.theme = dark ? "light" : "dark";
    }
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
  tools.hidden = false;
})();
""".strip()

_TOOLS: Final = (
    '<div class="tools" hidden>'
    '<input type="search" placeholder="Search" aria-label="Search">'
    + "".join(
        f'<select name="{name}" aria-label="{word}"><option value="">{word}</option></select>'
        for name, word in (("kind", "All kinds"), ("scope", "All scopes"), ("cause", "All causes"))
    )
    + '<button type="button" data-act="fold">Open all</button>'
    + '<button type="button" data-act="theme">Light or dark</button>'
    + '<output class="soft"></output></div>'
)


def whole_page(title: str, head: str, body: str) -> str:
    """Return a page; ``head`` and ``body`` are HTML, with the tools between them, ``title`` is text."""
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_digest(STYLE)}; script-src {_digest(SCRIPT)}"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{head}\n{_TOOLS}\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
