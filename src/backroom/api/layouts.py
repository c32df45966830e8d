"""Layouts: how an operation's answers look in one revision, with the fields that are asked for.

A layout is found once. A document of the newest shape, with blanks for values, goes down the ladder
to the revision as any document would. What comes out becomes templates (`api/templates.py`): one of
the document around the resources, one or a few of each resource. Some of what a revision does
depends on the value: it leaves out nulls, or hides an attribute. That is found out by trying it on
a value of that kind. So only the ladder knows what a revision shows.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from backroom.api import documents, templates
from backroom.api.caches import BoundedCache
from backroom.api.templates import BASE, Template, blank, inner
from backroom.catalog.kinds import KINDS
from backroom.catalog.operations import Shape
from backroom.revisions.change import moved_errors, resources
from backroom.store.jobs import LINKED, Job
from backroom.store.pages import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backroom.api.wire import Document, Fields, Parts
    from backroom.catalog.kinds import Kind
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.store.database import Row

    _Asked = tuple[Operation, Revision, Fields, str, bool]

_EMPTY_LINKAGE = "[]"
_KEPT_BYTES = 16_000_000
_LAYOUT_BYTES = 4_000
"""About what a layout takes beside its templates."""


class Style(NamedTuple):
    """All that changes how answers look.

    `base` begins all links, and is written as in a JSON string; `including` says that the answer
    brings other resources along.
    """

    operation: Operation
    revision: Revision
    fields: Fields
    base: str
    including: bool = False


class Frame:
    """The document around resources that are written already."""

    def __init__(self, document: Document, style: Style) -> None:
        """Make it of a document that has come down the ladder; its resources become blanks."""
        data: Any = Raw(blank("data").encode())
        document = document | {"data": [data] if style.operation.paged else data}
        if "included" in document:
            document["included"] = [Raw(blank("included").encode())]
        self._template = Template.of(document, style.base)

    @property
    def size(self) -> int:
        """About how many bytes of memory its template takes."""
        return self._template.size

    def document(self, data: bytes, links: Document, included: bytes = b"") -> Parts:
        """Put resources and links into the document. Links that the revision lacks are left out."""
        written = msgspec.json.encode(links)
        return self._template.parts({"data": data, "included": included, "links": written})


class RecordTemplates:
    """Fills templates with items, variants or categories.

    `columns` says what the store has to read for it. `related` is the template of a record,
    `alone` that of a record whose relationship to one other is empty, None where there is none.
    Where all attributes that are shown have a column of their own, the templates have a slot for
    each of them, and the stored JSON is not read.
    """

    def __init__(
        self, kind: Kind, related: Template, alone: Template | None, names: _Names | None
    ) -> None:
        self.kind = kind
        self._related = related
        self._alone = alone
        self._target = KINDS[kind.shown.target]
        named = _named(kind, names)
        self._attributes = (
            templates.attributes(kind, names.shown, nulls=names.nulls)
            if names is not None and named is None
            else None
        )
        self._linked = not {"linkage", "parent"}.isdisjoint(related.slots)
        self.columns = Columns(
            attributes=self._attributes is not None,
            linkage=self._linked,
            nulls=self._attributes is not None and names is not None and not names.nulls,
            named=tuple(each for each in named or () if each != "external_id"),
        )

    @property
    def size(self) -> int:
        """About how many bytes of memory its templates take."""
        return self._related.size + (self._alone.size if self._alone else 0)

    def filled(self, rows: Sequence[Row], leave: Callable[[], None] = templates.stay) -> bytes:
        """Write rows as `pages` gives them, some with a last column more; `leave` if many."""
        if not rows:
            return b""
        _, names, attributes, linked, nulls, *named = zip(*rows, strict=True)
        texts, urls = templates.escaped_ids(names)
        columns = {"external_id": texts, "external_id_in_url": urls}
        for name, column in zip(self.columns.named, named, strict=False):
            truth = name in self.kind.truth_values
            columns[name] = templates.truth_values(column) if truth else templates.in_json(column)
        if self._attributes is not None:
            columns["attributes"] = self._attributes(attributes, nulls, leave)
        if not self._linked:
            return self._related.joined(columns, len(rows))
        if self._alone is None:
            columns["linkage"] = templates.identifiers(self._target, linked)
            return templates.separated(self._target, self._related.joined(columns, len(rows)))
        columns["parent"] = templates.in_json([each or b"" for each in linked])
        chosen = [self._related if each else self._alone for each in linked]
        return _filled(chosen, columns)


def _filled(chosen: Sequence[Template], columns: dict[str, Sequence[Any]]) -> bytes:
    """Write each row with the template that is chosen for it."""
    if chosen.count(chosen[0]) == len(chosen):
        return chosen[0].joined(columns, len(chosen))
    texts = []
    start = 0
    # Rows that follow each other with the same template are written together.
    for template, run in groupby(chosen):
        end = start + len(list(run))
        some = {name: columns[name][start:end] for name in template.slots}
        texts.append(template.joined(some, end - start))
        start = end
    return b",".join(texts)


class JobTemplates:
    """Writes jobs. `columns` names what the store has to read for it.

    A job that isn't complete has no `completed_at`, and one that has changed nothing has no
    relationship: each combination has a template of its own.
    """

    def __init__(self, style: Style, by_case: dict[tuple[bool, bool], Template]) -> None:
        self._by_case = by_case
        self._links_always = style.including
        operation, revision = style.operation, style.revision
        self._move = (
            (lambda pointer: revision.pointer(operation, pointer))
            if revision.moves_pointers(operation)
            else None
        )
        slots = {name for template in by_case.values() for name in template.slots}
        self.columns = tuple(sorted(slots | {"job_id", "completed_at", LINKED}))

    @property
    def size(self) -> int:
        """About how many bytes of memory its templates take."""
        return sum(each.size for each in self._by_case.values())

    def filled(self, rows: Sequence[Row]) -> bytes:
        """Write rows as `jobs.jobs_page` gives them for `columns`, with commas between them."""
        if not rows:
            return b""
        columns: dict[str, Sequence[Any]] = dict(
            zip(self.columns, zip(*rows, strict=True), strict=True)
        )
        if self._move is not None and "errors" in columns:
            columns["errors"] = [moved_errors(each, self._move) for each in columns["errors"]]
        linked = [True] * len(rows) if self._links_always else columns[LINKED]
        completed = columns["completed_at"]
        if None not in completed and linked.count(linked[0]) == len(linked):
            # Nearly all pages: complete jobs that have all changed something.
            return self._by_case[True, linked[0]].joined(columns, len(rows))
        cases = zip(completed, linked, strict=True)
        return _filled([self._by_case[at is not None, shown] for at, shown in cases], columns)


class RecordLayout(NamedTuple):
    """How an answer with items, variants or categories looks."""

    frame: Frame
    data: RecordTemplates
    included: RecordTemplates | None


class JobLayout(NamedTuple):
    """How an answer with jobs looks."""

    frame: Frame
    data: JobTemplates
    included: RecordTemplates | None


class _Names(NamedTuple):
    """The attributes that are shown of a resource, and whether those that are null are shown."""

    shown: tuple[str, ...]
    nulls: bool


L = TypeVar("L", RecordLayout, JobLayout)

_records_kept: BoundedCache[RecordLayout] = BoundedCache(_KEPT_BYTES)
_jobs_kept: BoundedCache[JobLayout] = BoundedCache(_KEPT_BYTES)


def _kept(cache: BoundedCache[L], make: Callable[[Style], L], asked: _Asked) -> L:
    """Give the layout that is asked for. Each is made once, and kept while it is used."""
    layout = cache.get(asked)
    if layout is None:
        operation, revision, fields, base, including = asked
        layout = make(Style(operation, revision, fields, inner(base), including))
        parts = sum(each.size for each in layout if each is not None)
        cache.keep(asked, layout, _LAYOUT_BYTES + len(base) + parts)
    return layout


def of_records(
    operation: Operation,
    revision: Revision,
    fields: Fields,
    base: str,
    including: bool,  # noqa: FBT001 - the arguments are the key under which a layout is kept
) -> RecordLayout:
    """Give the layout of an operation that answers with records, or with their identifiers."""
    return _kept(_records_kept, _new_record_layout, (operation, revision, fields, base, including))


def _new_record_layout(style: Style) -> RecordLayout:
    kind = style.operation.kind
    linked = style.including or style.revision.shows_linkage(style.operation)
    related = _records(style, _linkage(kind) if linked else documents.NOT_SHOWN)
    alone = _records(style, None) if linked and not kind.shown.many else None
    (data,) = resources(related)
    names = _shown_names(style, "data") if "attributes" in data else None
    return RecordLayout(
        Frame(related, style),
        RecordTemplates(
            kind,
            _record_template(kind, data, names, style),
            None if alone is None else _record_template(kind, resources(alone)[0], names, style),
            names,
        ),
        _included_templates(related, style),
    )


def _linkage(kind: Kind) -> Any:
    """Give the blank of what a relationship holds: identifiers, or that of one parent."""
    if kind.shown.many:
        return Raw(blank("linkage").encode())
    return documents.identifier_object(KINDS[kind.shown.target], blank("parent"))


def _record_template(
    kind: Kind, resource: Document, names: _Names | None, style: Style
) -> Template:
    if names is not None:
        named = _named(kind, names)
        attributes: Any = Raw(blank("attributes").encode())
        if named is not None:
            attributes = {each: _blank_attribute(kind, each) for each in named}
        resource = resource | {"attributes": attributes}
    return Template.of(resource, style.base)


def _named(kind: Kind, names: _Names | None) -> tuple[str, ...] | None:
    """Give the attributes that are shown if all of them have a column of their own, else None."""
    if names is None or not {"external_id", *kind.columns}.issuperset(names.shown):
        return None
    return names.shown


def _blank_attribute(kind: Kind, name: str) -> Any:
    return Raw(blank(name).encode()) if name in kind.truth_values else blank(name)


def _included_templates(document: Document, style: Style) -> RecordTemplates | None:
    brought = style.operation.included_kind
    if "included" not in document or brought is None:
        return None
    (resource,) = document["included"]
    names = _shown_names(style, "included")
    return RecordTemplates(brought, _record_template(brought, resource, names, style), None, names)


def _shown_names(style: Style, member: str) -> _Names:
    """Find out which attributes of `data`, or of what is `included`, the revision shows."""

    def left(value: Any) -> tuple[str, ...]:
        found = _example(style, value)[member]
        (resource,) = found if isinstance(found, list) else (found,)
        return tuple(msgspec.json.decode(msgspec.json.encode(resource["attributes"])))

    return _Names(left(0), nulls=left(None) != ())


def _records(style: Style, linkage: Any) -> Document:
    """Make a document with one record of blanks, and take it down to the revision.

    `linkage` has the identifiers in its relationship, as `documents.resource_object` takes them.
    """
    kind = style.operation.kind
    if style.operation.shape is Shape.IDS:
        return _descended(style, documents.identifier_object(kind, blank("external_id")))
    return _descended(style, _blank_record(kind, linkage))


def _example(style: Style, value: Any) -> Document:
    """Make a document of resources whose attributes all have one value, and take it down."""
    operation = style.operation
    data = _blank_job(style) if operation.bulk else _blank_record(operation.kind, value=value)
    return _descended(style, data, value)


def _blank_record(kind: Kind, linkage: Any = documents.NOT_SHOWN, value: Any = 0) -> Document:
    attributes = Raw(msgspec.json.encode(dict.fromkeys(kind.stored_attributes, value)))
    name = documents.Name(blank("external_id"), blank("external_id_in_url"))
    return documents.resource_object(blank(BASE), kind, name, attributes, linkage)


def _descended(style: Style, data: Document, value: Any = 0) -> Document:
    """Put a resource into a document of the newest shape, and take it down to the revision."""
    operation = style.operation
    document: Document = {"data": [data] if operation.paged else data}
    if style.including and operation.included_kind is not None:
        brought = _blank_record(operation.included_kind, value=value)
        document["included"] = [brought]
    document["links"] = Raw(blank("links").encode())
    style.revision.down(operation, document)
    documents.keep_only(document, dict(style.fields))
    return document


def of_jobs(
    operation: Operation,
    revision: Revision,
    fields: Fields,
    base: str,
    including: bool,  # noqa: FBT001 - as of_records
) -> JobLayout:
    """Give the layout of an operation that answers with jobs."""
    return _kept(_jobs_kept, _new_job_layout, (operation, revision, fields, base, including))


def _new_job_layout(style: Style) -> JobLayout:
    cases = {
        (completed, linked): _job_document(style, completed=completed, linked=linked)
        for completed in (False, True)
        for linked in (False, True)
    }
    by_case = {
        case: Template.of(resources(document)[0], style.base) for case, document in cases.items()
    }
    document = cases[True, True]
    return JobLayout(
        Frame(document, style), JobTemplates(style, by_case), _included_templates(document, style)
    )


def _job_document(style: Style, *, completed: bool, linked: bool) -> Document:
    """Make a document with one job of blanks, and take it down."""
    document = _descended(style, _blank_job(style, completed=completed, linked=linked))
    attributes = resources(document)[0]["attributes"]
    if "errors" in attributes:
        attributes["errors"] = Raw(blank("errors").encode())
    return document


def _blank_job(style: Style, *, completed: bool = True, linked: bool = True) -> Document:
    row = Job(**{name: blank(name) for name in Job._fields} | _UNQUOTED)
    if not completed:
        row = row._replace(completed_at=None)
    if not linked:
        row = row._replace(linkage=_EMPTY_LINKAGE)
    return documents.job_object(blank(BASE), style.operation.job_kind, row)


_UNQUOTED: dict[str, Any] = {
    # Numbers stand without quotes.
    **{name: Raw(blank(name).encode()) for name in Job._fields if name.endswith("_count")},
    # A revision moves pointers in errors one by one: where there are none, it has nothing to do.
    "errors": _EMPTY_LINKAGE,
}
