"""The frame of a report's page: one file that fetches nothing, for phone, laptop and paper."""

import re
from collections.abc import Iterable, Sequence

from recognizance.reports.wording import text

_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>')
_CONTENTS_FROM = 3  # headings: a page of fewer is looked over at once

STYLE = """
:root{color-scheme:light;--ink:#1b1f24;--soft:#4d5663;--line:#c9d0d8;--ground:#f4f6f8;--blue:#1d4f91;--amber:#8a4300}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:52rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
footer{padding-bottom:3rem;color:var(--soft);font-size:.875rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .75rem;padding-top:1rem;border-top:2px solid var(--ink)}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
p,ul,dl{margin:.5rem 0 1rem;max-width:44rem}
ul{padding-left:1.25rem}li{margin:.35rem 0}
.lead{font-size:1.1rem}.soft{color:var(--soft)}
nav{border:1px solid var(--line);padding:.75rem 1rem;margin:1rem 0}
nav p{margin:0 0 .25rem;font-weight:600}nav ol{margin:0;padding:0;list-style:none}nav li{margin:0}
nav a{display:inline-block;padding:.2rem 0}
a{color:var(--blue)}a:focus-visible,summary:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
details{border:1px solid var(--line);padding:0 1rem;margin:1rem 0}details .wide:first-of-type{margin-top:.25rem}
summary{cursor:pointer;padding:.6rem 0;color:var(--blue);font-weight:600}
summary h3{display:inline;margin:0;font-size:1rem}summary .insufficient{font-weight:400;margin-left:.5rem}
.part{margin:0}.part+.part{border-top:0}:not(.part)+.part{margin-top:1rem}.part:last-child{margin-bottom:1rem}
.warning{border-left:4px solid var(--amber);background:#fff6ec;padding:.5rem 1rem;margin:1.5rem 0;max-width:none}
.plain{background:var(--ground);border-left:4px solid var(--blue);padding:.25rem 1rem;margin:1.5rem 0}
.plain h2{border:0;margin-top:.75rem;padding-top:0}
.plain h3{margin-top:1rem}
.verdict{border-left:4px solid var(--line);padding-left:.75rem}
.verdict,dd,li,.plain{overflow-wrap:anywhere}td,th{overflow-wrap:break-word}
.insufficient{color:var(--amber)}
dl{display:grid;grid-template-columns:minmax(7.5rem,12rem) 1fr;gap:.35rem 1rem;max-width:none}
dt{color:var(--soft)}dd{margin:0;min-width:0}
code{font:.8125rem/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin:1rem 0}
.wide{container-type:scroll-state}
@container scroll-state(scrollable:x){.wide::before{content:"Wider than the screen: scroll sideways";position:sticky;
left:0;display:block;width:max-content;color:var(--soft);font-size:.8125rem}}
.wide:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.5rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--ink);font-size:.875rem;vertical-align:bottom}
td small{display:block;color:var(--soft);font-size:.8125rem;line-height:1.35;margin-top:.1rem}
td:last-child,th:last-child{padding-right:0}
.groups{min-width:36rem}.settings tbody th,.settings thead th:first-child{white-space:nowrap}
th small{display:block;font-weight:400;color:var(--soft)}
figure{margin:1rem 0;max-width:34rem}
figcaption{color:var(--soft);font-size:.875rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem 2rem}
.pair>svg{max-width:26rem}
svg{display:block;width:100%;height:auto;font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg text{fill:#4d5663}svg .label{fill:#1b1f24;font-weight:600}
svg .label{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
.grid{stroke:#dde2e7;fill:none}.axis{stroke:#4d5663;fill:none}.few{fill:#8a4300;fill-opacity:.09}
.curve{fill:none;stroke:#1d4f91;stroke-width:2;stroke-linejoin:round}
.mark{fill:#1d4f91;stroke:#1d4f91;stroke-width:2}.hollow{fill:#fff;stroke:#8a4300}
.second{stroke:#8a4300;stroke-dasharray:6 4}
.mark.second{fill:#8a4300;stroke-dasharray:none}.mark.second.hollow{fill:#fff}
.strangers{fill:#a9c1e0;stroke:#5f8cc4}.same{fill:none;stroke:#1b1f24;stroke-width:2}
.at{stroke:#8a4300;stroke-dasharray:4 3}
.bar{fill:#5f8cc4}.whisker{fill:none;stroke:#1b1f24;stroke-width:1.5}
@media (max-width:30rem){h1{font-size:1.45rem}table{font-size:.875rem}.sides{font-size:.8125rem}
caption{max-width:calc(100vw - 5rem)}.sides td,.sides th{padding-right:.5rem}.sides small{font-size:.75rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
@media print{@page{margin:18mm}html{font-size:10pt}header,main,footer{max-width:none;padding:0}.wide{overflow:visible}
.groups{min-width:0}details{border:0;padding:0}summary{list-style:none;color:var(--ink)}
summary::-webkit-details-marker{display:none}a{color:inherit}nav{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}
h1,h2,h3,caption,thead,summary{break-after:avoid;break-inside:avoid}
th,td{padding:.35rem .75rem .35rem 0}
tbody tr:first-child{break-before:avoid}tr,figure,svg,.plain li{break-inside:avoid}code{font-size:7.5pt}
.pair{grid-template-columns:1fr 1fr}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}figure{max-width:10cm}p,ul{max-width:none}}
"""


def page(title: str, *, header: str, main: str, footer: str) -> str:
    """Set a whole document around parts that are HTML already; only `title` is text.

    The sections of `main` become the table of contents.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body>\n"
        f"<header>{header}{_contents(main)}</header>\n<main>{main}</main>\n<footer>{footer}</footer>\n</body></html>\n"
    )


def _contents(main: str) -> str:
    found = _HEADING.findall(main)
    if len(found) < _CONTENTS_FROM:
        return ""
    listed = "".join(f'<li><a href="#{name}">{told}</a></li>' for name, told in found)
    return f'\n<nav aria-labelledby="contents"><p id="contents">On this page</p><ol>{listed}</ol></nav>'


def section(name: str, heading: str, body: str, *, kind: str = "") -> str:
    """Set a landmark with its heading; `body` is HTML, `name` its id."""
    shown = f' class="{kind}"' if kind else ""
    return f'<section{shown} aria-labelledby="{name}"><h2 id="{name}">{text(heading)}</h2>\n{body}</section>\n'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "") -> str:
    """Set a table; each row's first cell is its heading.

    Parameters
    ----------
    caption : str
        Text.
    heads : sequence of str
        Text, one for each column.
    rows : iterable of sequences of str
        Cells, HTML already.
    kind : str
        A class of the style sheet.
    """
    head = "".join(f'<th scope="col">{text(one)}</th>' for one in heads)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    shown = f' class="{kind}"' if kind else ""
    return (
        f'<div class="wide" role="group" tabindex="0" aria-label="{text(caption)}"><table{shown}>'
        f"<caption>{text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n"
    )


def folded(summary: str, body: str) -> str:
    """Set HTML that is shown when its summary (text) is chosen, and always on paper."""
    return f"<details><summary>{text(summary)}</summary>\n{body}</details>\n"


def part(heading: str, body: str, *, insufficient: bool = False) -> str:
    """Set a part of a section that is shown when its heading (text) is chosen, and always on paper.

    Where the sample is insufficient for all that it tells, that is said before it is opened.
    """
    mark = ' <strong class="insufficient">insufficient</strong>' if insufficient else ""
    return f'<details class="part"><summary><h3>{text(heading)}</h3>{mark}</summary>\n{body}</details>\n'


def figure(drawn: str, caption: str) -> str:
    """Set a drawing with its caption (HTML); what says why nothing is drawn has nothing to be explained."""
    return f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>" if drawn.startswith("<svg") else drawn


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Set names (text) and what they are (HTML)."""
    return f"<dl>{''.join(f'<dt>{text(name)}</dt><dd>{told}</dd>' for name, told in rows)}</dl>\n"


def items(told: Iterable[str]) -> str:
    """Set a list of HTML items."""
    return f"<ul>{''.join(f'<li>{one}</li>' for one in told)}</ul>\n"
