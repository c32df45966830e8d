"""An OpenAPI document as one HTML page. It loads one script of our own, no font and no picture.

The script (`page.js`) searches operations and sends requests. All else is there without it.
"""

from __future__ import annotations

import re
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from backroom.api.openapi import tree
from backroom.api.openapi.calls import calls
from backroom.api.openapi.samples import SAMPLE_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backroom.api.openapi.schemas import Schema

_PAGE_STYLE = (resources.files(__package__) / "page.css").read_text("utf-8")


_SEARCH = (
    '<section class="search" aria-label="Search" hidden>'
    '<label for="search">Search operations <kbd>/</kbd></label>'
    '<input type="search" id="search" autocomplete="off" spellcheck="false">'
    '<p id="found" role="status"></p></section>'
)
_KEY_SECTION = (
    '<section class="key" aria-label="Key" hidden><label for="key">Key for the requests that this'
    ' page sends</label> <input type="password" id="key" autocomplete="off" spellcheck="false">'
    ' <button type="button" id="forget">Forget it</button>'
    "<p>Your browser keeps the key in this tab. It goes nowhere but to this server.</p></section>"
    '<p id="unscripted">With JavaScript this page also searches operations, and sends requests to'
    " this server. Everything else is here without it.</p>"
)


def html_page(document: dict[str, Any], pages: Mapping[str, str], source: str, script: str) -> str:
    """Show a document.

    `pages` has the path of each revision's page, `source` that of the document, `script` that of
    the script.
    """
    date = document["info"]["version"]
    title = document["info"]["title"]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}: {escape(date)}</title><style>{_PAGE_STYLE}</style>",
            f'<script src="{escape(script)}" defer></script></head><body>',
            '<a class="skip" href="#main">Skip to the content</a>',
            _page_header(title, date, pages, source),
            f'<div class="columns">{_index(document)}',
            f'<main id="main" tabindex="-1" data-base="{escape(SAMPLE_BASE)}">',
            f'<section class="about">{_prose(document["info"]["description"])}</section>',
            _KEY_SECTION,
            *_sections(document),
            _refusals_section(document),
            "</main></div></body></html>",
        )
    )


def _page_header(title: str, date: str, pages: Mapping[str, str], source: str) -> str:
    links = "".join(
        f'<a href="{escape(url)}"{_current(each == date)}>{escape(each)}</a>'
        for each, url in reversed([*pages.items()])
    )
    return (
        f"<header><h1>{escape(title)}</h1>"
        f'<details class="picker"><summary>Revision {escape(date)}</summary>'
        f'<nav aria-label="Revisions">{links}</nav></details>'
        f'<a class="source" href="{escape(source)}">OpenAPI document</a></header>'
    )


def _current(this: bool) -> str:  # noqa: FBT001 - reads as the attribute that it writes
    return ' aria-current="page"' if this else ""


def _operations_of(document: dict[str, Any], tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield method, path, operation


def _index(document: dict[str, Any]) -> str:
    """List all operations. On a narrow screen the checkbox shows and hides the list."""
    groups = []
    for tag in document["tags"]:
        links = "".join(
            f'<li><a href="#{escape(each["operationId"])}">{_method(method)}'
            f"<span>{escape(each['summary'])}</span></a></li>"
            for method, _, each in _operations_of(document, tag["name"])
        )
        groups.append(f"<h2>{escape(_headed(tag['name']))}</h2><ul>{links}</ul>")
    return (
        '<nav class="index" aria-label="Operations">'
        '<input type="checkbox" id="menu"> <label for="menu">Show the list of operations</label>'
        f'{_SEARCH}<div>{"".join(groups)}<h2><a href="#refusals">Refusals</a></h2></div></nav>'
    )


def _headed(text: str) -> str:
    return text[:1].upper() + text[1:]


def _method(method: str) -> str:
    return f'<b class="method {escape(method)}">{escape(method.upper())}</b>'


def _sections(document: dict[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f'<h2 class="group">{escape(_headed(tag["name"]))}</h2>'
        for method, path, operation in _operations_of(document, tag["name"]):
            yield _operation_section(document, method, path, operation)


def _operation_section(
    document: dict[str, Any], method: str, path: str, operation: dict[str, Any]
) -> str:
    name = escape(operation["operationId"])
    needed = [scope for each in operation["security"][:1] for scope in next(iter(each.values()))]
    scopes = f"scope <code>{escape(', '.join(needed))}</code>" if needed else "no scope"
    rate = operation["x-backroom-rate"]
    return (
        f'<article id="{name}" data-method="{escape(method)}" data-path="{escape(path)}"><h3>'
        f'<a href="#{name}">{escape(operation["summary"])}</a></h3>'
        f'<p class="path">{_method(method)} <code>{escape(path)}</code></p>'
        f"{_prose(operation['description'])}"
        f'<p class="facts"><code>{name}</code> <span>{scopes}</span>'
        f" <span>{rate['burst']} a second, {rate['steady']} a minute</span></p>"
        f"{_parameters_section(operation['parameters'])}"
        f"{_body_section(document, operation)}{_answers(document, operation)}"
        f"{_calls_section(document, path, operation)}</article>"
    )


def _parameters_section(parameters: list[dict[str, Any]]) -> str:
    """Show all parameters but the headers. The beginning of the page explains these."""
    rows = "".join(
        f'<tr><td><code class="name">{escape(each["name"])}</code></td>'
        f'<td><span class="place">{escape(each["in"])}</span></td>'
        f"<td>{tree.prose(each['description'])}<div>{tree.facts(each['schema'])}</div></td></tr>"
        for each in parameters
        if each["in"] != "header"
    )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _body_section(document: dict[str, Any], operation: dict[str, Any]) -> str:
    body = operation.get("requestBody")
    if body is None:
        return ""
    shown = _content(document, body["content"])
    return f"<h4>Body</h4>{_prose(body['description'])}{shown}"


def _answers(document: dict[str, Any], operation: dict[str, Any]) -> str:
    responses = dict(operation["responses"])
    status, success = next((each, it) for each, it in responses.items() if "$ref" not in it)
    shown = _content(document, success.get("content", {})) or "<p>It has no body.</p>"
    refused = " ".join(
        f'<a class="status" href="#refused-{each}">{each}</a>'
        for each in responses
        if each != status
    )
    return (
        f'<h4>Answer <b class="status good">{escape(status)}</b></h4>{shown}'
        f'<p class="refused">Refused with {refused}</p>'
    )


def _calls_section(document: dict[str, Any], path: str, operation: dict[str, Any]) -> str:
    made = calls(document, path, operation)
    shown = "".join(
        f"<details><summary>{escape(each.language)}</summary>{tree.code_html(each.text)}</details>"
        for each in made
    )
    alone = f"<p>{_reason_for_curl_alone(operation)}</p>" if len(made) == 1 else ""
    return f'<div class="calls"><h4>Call</h4>{shown}{alone}</div>'


def _reason_for_curl_alone(operation: dict[str, Any]) -> str:
    if not operation["security"]:
        return "Pages in browsers send this request. The SDKs for servers have no method for it."
    return "The SDKs of this revision have no method for it."


def _content(document: dict[str, Any], content: Mapping[str, Any]) -> str:
    """Show the content of the first media type. The others have the same content."""
    first = next(iter(content.values()), None)
    if first is None:
        return ""
    schema = _resolved(document, first["schema"])
    return (
        f"<details><summary>Members</summary>{tree.schema_html(schema)}</details>"
        f"<details><summary>Example</summary>{tree.example_html(first['example'])}</details>"
    )


def _resolved(document: dict[str, Any], schema: Schema) -> Schema:
    found: Any = document
    for step in schema.get("$ref", "#").split("/")[1:]:
        found = found[step]
    return schema if found is document else found


def _refusals_section(document: dict[str, Any]) -> str:
    shown = []
    for name, response in document["components"]["responses"].items():
        status = name[-3:]
        shown.append(
            f'<article id="refused-{status}"><h3><b class="status">{status}</b></h3>'
            f"{_prose(response['description'])}{_content(document, response['content'])}</article>"
        )
    return f'<h2 class="group" id="refusals">Refusals</h2>{"".join(shown)}'


def _prose(text: str) -> str:
    """Show paragraphs, lists and code, which is all of Markdown that our descriptions use."""
    blocks = []
    for block in re.split(r"\n{2,}", text.strip()):
        lines = block.split("\n")
        if all(line.startswith("- ") for line in lines):
            entries = "".join(f"<li>{tree.prose(line[2:])}</li>" for line in lines)
            blocks.append(f"<ul>{entries}</ul>")
        else:
            blocks.append(f"<p>{tree.prose(' '.join(lines))}</p>")
    return "".join(blocks)
