"""What the shops' formats have in common when a catalog is written: images, paths, options."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.catalog_spool import Attributes, ReadItem
    from backroom.feeds.fields import Headings

_PATH = " > "
_OF_METADATA = ("metadata", "variant metadata")
_MOST_OPTIONS = 3


def images_of(attributes: Attributes) -> list[str]:
    """Give the images. The full image comes first."""
    images = [each for each in attributes.get("images") or () if each]
    full = attributes.get("image_full_url") or ""
    return list(dict.fromkeys([full, *images] if full else images))


def deepest_paths(categories: tuple[str, ...]) -> list[str]:
    """Give the categories that are no ancestors of others, the deepest first."""
    above = set(
        chain.from_iterable(
            (_PATH.join(names[:length]) for length in range(1, len(names)))
            for names in (each.split(_PATH) for each in categories)
        )
    )
    lowest = [each for each in categories if each not in above]
    return sorted(lowest, key=lambda each: -each.count(_PATH))


def metadata_of(attributes: Attributes) -> dict[str, Any]:
    """Give the custom metadata."""
    found = attributes.get("custom_metadata")
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=10_000)
def _field_of_entry(name: str, headings: Headings) -> tuple[str, bool]:
    """Give the field of this name, empty for none, and whether a file keeps the entry."""
    found = headings.find(name)
    return (found[0], found[1].form in _OF_METADATA) if found else ("", True)


def kept_metadata(metadata: dict[str, Any], headings: Headings) -> Iterator[tuple[str, Any]]:
    """Give the entries that a file can keep under headings of their own."""
    return (each for each in metadata.items() if _field_of_entry(each[0], headings)[1])


def written_as(
    metadata: dict[str, Any], headings: Headings, fields: Iterable[str]
) -> list[tuple[str, Any]]:
    """Give the entries that an import kept of fields, by their headings in that file."""
    found: dict[str, tuple[str, Any]] = {}
    for entry in metadata.items():
        if field := _field_of_entry(entry[0], headings)[0]:
            found.setdefault(field, entry)
    return [found[each] for each in fields if each in found]


def is_word(value: Any) -> bool:
    """Whether a value is text that stays as it is in a cell without blanks round it."""
    return isinstance(value, str) and bool(value) and value == value.strip()


def option_names(item: ReadItem, headings: Headings, separator: str) -> list[str]:
    """Give the entries of the variants' metadata that tell one variant from the others.

    These are the entries whose values the title of a variant ends with, or else those that all
    variants have and that differ.
    """
    found: list[list[str]] = []
    for variant in item.variants:
        entries = [
            name
            for name, value in metadata_of(variant.attributes).items()
            if is_word(value) and is_word(name) and not _field_of_entry(name, headings)[0]
        ]
        found.append(entries)
    start = f"{item.attributes.get('title')} - "
    for variant, entries in zip(item.variants, found, strict=True):
        title = str(variant.attributes.get("title"))
        if title.startswith(start):
            parts = title.removeprefix(start).split(separator)
            metadata = metadata_of(variant.attributes)
            # An option may be called as a column: gift cards of Shopify have the option Title.
            named = [name for name in metadata if _is_text_column(name, metadata[name], headings)]
            if names := _names_of_values(parts, metadata, entries + named):
                return names
    if len(item.variants) < 2:  # noqa: PLR2004 - a comparison needs two
        return []
    common = [name for name in found[0] if all(name in entries for entries in found)]
    return [
        name
        for name in common
        if len({metadata_of(each.attributes)[name] for each in item.variants}) > 1
    ][:_MOST_OPTIONS]


def _is_text_column(name: str, value: Any, headings: Headings) -> bool:
    found = headings.find(name)
    return found is not None and found[1].form == "text" and is_word(value) and is_word(name)


def _names_of_values(parts: list[str], metadata: dict[str, Any], entries: list[str]) -> list[str]:
    """Give the entries that have these values in this order, none if a value has no entry."""
    left = list(entries)
    names = []
    for part in parts:
        name = next((each for each in left if metadata[each] == part), None)
        if name is None:
            return []
        left.remove(name)
        names.append(name)
    return names
