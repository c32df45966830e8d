"""The options that say how a feed is read, for every command that reads one."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from backroom import clock
from backroom.cli.printable import printable
from backroom.feeds.compressed import COMPRESSIONS
from backroom.feeds.feed_options import VARIANT_IDS, FeedOptions
from backroom.feeds.formats import FORMATS, Feed, open_feed
from backroom.feeds.mapping import read_mapping
from backroom.feeds.number_style import STYLES
from backroom.feeds.remote import is_url
from backroom.feeds.rows import FeedError
from backroom.feeds.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Any]

_LONGEST_SHOWN = 1_000


class FeedPlace(click.ParamType[Any]):
    """A file that exists, a URL, or `-` for the standard input."""

    name = "feed"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | str:
        """Check what can be checked before anything is read."""
        if not isinstance(value, str) or is_url(value) or value == STANDARD_INPUT:
            return value  # type: ignore[no-any-return]
        found: Path = click.Path(exists=True, dir_okay=False, path_type=Path).convert(
            value, param, ctx
        )
        return found


class KeyOption(click.Option):
    """A key that is needed, except where --show-mapping ends the command before it is used."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Check the key, if it is needed."""
        return "" if ctx.params.get("show_mapping") else super().process_value(ctx, value)


@dataclass(frozen=True)
class FeedChoice:
    """The options of a command that are about its feed."""

    format: str | None
    options: FeedOptions
    show_mapping: bool = False
    said: tuple[tuple[str, str], ...] = ()
    """Options, and their values, that a part of the feed has to be read with too."""

    @property
    def identity(self) -> str:
        """The text by which this choice differs from any that could give other rows.

        The day is not in it: an import that goes on has the prices of the day when it began.
        """
        return repr((self.format, replace(self.options, today=None, private_addresses=False)))

    def opened(self, place: Path | str) -> Feed:
        """Open a feed. Raises click's error for one that can't be read.

        With --show-mapping the mapping is written, and the command ends.
        """
        try:
            feed = open_feed(place, self.format, self.options)
            if self.show_mapping:
                click.echo(feed.shown_mapping(), nl=False)
                feed.close()
                raise click.exceptions.Exit(0)
            feed.check_columns()
        except FeedError as error:
            raise click.ClickException(printable(str(error)[:_LONGEST_SHOWN])) from error
        return feed


_FEED_OPTIONS = (
    click.option(
        "--input-format",
        type=click.Choice(list(FORMATS)),
        help="The format of FILE.  [default: recognised from its content]",
    ),
    click.option(
        "--encoding",
        default="",
        metavar="NAME",
        help="The encoding of FILE, as windows-1252.  [default: recognised]",
    ),
    click.option(
        "--delimiter",
        default="",
        metavar="CHARACTER",
        help="What stands between cells: comma, semicolon, tab, or any character."
        "  [default: recognised]",
    ),
    click.option(
        "--numbers",
        type=click.Choice(list(STYLES)),
        help="How FILE writes decimals: 1,299.95 (point) or 1.299,95 (comma)."
        "  [default: recognised from all its numbers]",
    ),
    click.option(
        "--variant-ids",
        type=click.Choice(VARIANT_IDS),
        help="What the ids of Shopify's variants are: their SKU, or handle and option values."
        "  [default: the SKU, if every variant of FILE has one of its own]",
    ),
    click.option(
        "--compression",
        type=click.Choice(COMPRESSIONS),
        help="How FILE is compressed.  [default: recognised]",
    ),
    click.option(
        "--sheet", default="", metavar="NAME", help="The sheet of a workbook.  [default: the first"
        " that is a feed]",
    ),
    click.option(
        "--shop-url",
        default="",
        metavar="URL",
        help="The addresses of products, where FILE has none, with {handle}, {id} or {sku} in it:"
        " https://shop.example/products/{handle}",
    ),
    click.option(
        "--mapping",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A TOML file that says which column is which field.",
    ),
    click.option(
        "--show-mapping",
        is_flag=True,
        # Before --key, which is not needed with it.
        is_eager=True,
        help="Write the mapping in use as TOML, and end."
    ),
    click.option(
        "--private-addresses",
        is_flag=True,
        help="Fetch FILE from a private address too, if it is a URL.",
    ),
)  # fmt: skip


def with_feed_options() -> Callable[[Command], Command]:
    """Give a command the options of a feed, together as its parameter `feed`."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_choice(
            *arguments: Any, input_format: str | None, show_mapping: bool, **given: Any
        ) -> Any:
            said = {name: given.pop(name) for name in _SAID}
            of_parts = tuple(
                (name.replace("_", "-"), str(said[name])) for name in _OF_PARTS if said[name]
            )
            choice = FeedChoice(input_format, _feed_options(said), show_mapping, of_parts)
            return command(*arguments, feed=choice, **given)

        for option in reversed(_FEED_OPTIONS):
            with_choice = option(with_choice)
        return with_choice

    return decorate


_SAID = (
    "encoding",
    "delimiter",
    "numbers",
    "variant_ids",
    "compression",
    "sheet",
    "shop_url",
    "mapping",
    "private_addresses",
)
_OF_PARTS = ("encoding", "delimiter", "shop_url", "mapping")


def _feed_options(said: dict[str, Any]) -> FeedOptions:
    _check_shop_url(said["shop_url"])
    try:
        said["mapping"] = read_mapping(said["mapping"]) if said["mapping"] else None
    except FeedError as error:
        raise click.ClickException(printable(str(error))) from None
    said["compression"] = said["compression"] or ""
    return FeedOptions(**said, today=clock.now().date())


def _check_shop_url(shop_url: str) -> None:
    if shop_url and not is_url(shop_url):
        raise click.UsageError(f"--shop-url {shop_url!r} does not begin with http:// or https://")
    if shop_url and not any(each in shop_url for each in ("{handle}", "{id}", "{sku}")):
        raise click.UsageError("--shop-url needs {handle}, {id} or {sku}, or all products are one")


def refuse_feed_options(reason: str) -> None:
    """Raise `UsageError` if the command line says how to read a file, where none is read."""
    context = click.get_current_context()
    for name in ("input_format", "show_mapping", *_SAID):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = next(each.opts[0] for each in context.command.params if each.name == name)
            raise click.UsageError(
                f"{reason}: {option} says how a FILE is read, and none is given."
            )


def checked_shop_url(_: click.Context, __: click.Parameter, shop_url: str) -> str:
    """Refuse a text that is no URL, or a URL that would be the same for all products."""
    _check_shop_url(shop_url)
    return shop_url
