"""`backroom export`: write the catalog of an account in any format that an import reads."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from backroom import clock
from backroom.catalog.kinds import KINDS
from backroom.catalog.operations import NESTED_BULK_SINCE
from backroom.cli import EXIT_ERROR, EXIT_ROWS_FAILED, EXIT_UNREACHABLE
from backroom.cli.api_options import checked_key, revision_option, url_option
from backroom.cli.export_report import ExportReport, print_export_report
from backroom.cli.feed_options import checked_shop_url
from backroom.cli.import_progress import shown_progress
from backroom.cli.import_report import on_terminal
from backroom.cli.options import own_url, settings_from, with_format
from backroom.feeds.api_client import ApiClient
from backroom.feeds.catalog_reading import read_catalog
from backroom.feeds.catalog_spool import CatalogSpool
from backroom.feeds.client_errors import RefusedError, UnreachableError
from backroom.feeds.export_files import check_free, written_whole
from backroom.feeds.exporting import ALL_FORMATS, CARRIERS, CARRIERS_OF, Choice, chosen, export
from backroom.feeds.rows import FeedError
from backroom.feeds.sources import STANDARD_INPUT as STANDARD_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXIT_INTERRUPTED = 130


class _ExportOptions(TypedDict):
    file: str
    url: str
    key: str
    output_format: str | None
    carrier: str | None
    overwrite: bool
    shop_url: str
    safe_cells: bool
    strict: bool
    revision: str
    timeout: float
    output: str


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@url_option
@click.option(
    "--key",
    required=True,
    envvar="BACKROOM_KEY",
    show_envvar=True,
    callback=checked_key,
    help="A private key of the account to read.",
)
@click.option(
    "--output-format",
    type=click.Choice(list(CARRIERS_OF)),
    help=f"The format to write; {ALL_FORMATS} is a zip of all.  [default: by the name of FILE]",
)
@click.option(
    "--carrier",
    type=click.Choice(CARRIERS),
    help="How the format is written, as tsv, rss or xlsx.  [default: by the name of FILE]",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option(
    "--shop-url",
    default="",
    metavar="URL",
    callback=checked_shop_url,
    help="The addresses of products that an import of FILE will get with --shop-url, so that they"
    " are not reported as lost.",
)
@click.option(
    "--safe-cells",
    is_flag=True,
    help="Write an apostrophe before cells of CSV that a spreadsheet would execute.",
)
@click.option("--strict", is_flag=True, help="End with exit code 3 if the format loses values.")
@revision_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds to wait for a request that the server puts off, and for a server that is away.",
)
@with_format("How to print the report.", show_default=True)
def export_command(**options: Unpack[_ExportOptions]) -> None:
    """Write the catalog of an account to a file.

    FILE gets its name when all of it is written; - is the standard output. The catalog is written
    with the API's names, or as a product file of Shopify, WooCommerce, Google Merchant or Klaviyo.
    The report names what the format can't hold. Where the name of FILE ends in .gz, it is packed.

    The exit code is 4 if the server can't be reached, and with --strict 3 if values are lost.
    """
    options["url"] = options["url"] or own_url(settings_from({}))
    report = ExportReport(options["file"], options["url"])
    began = time.monotonic()
    exit_code = EXIT_ERROR
    try:
        _exported(options, report)
        exit_code = EXIT_ROWS_FAILED if options["strict"] and report.has_losses else 0
    except UnreachableError as error:
        report.error, exit_code = str(error), EXIT_UNREACHABLE
    except (RefusedError, FeedError) as error:
        report.error = str(error)
    except OSError as error:
        report.error = f"{options['file']} can't be written: {error.strerror or error}"
    except KeyboardInterrupt:
        report.error, exit_code = "interrupted; nothing was written", _EXIT_INTERRUPTED
    report.seconds = round(time.monotonic() - began, 3)
    # The standard output may be the file.
    print_export_report(report, options["output"], err=options["file"] == STANDARD_OUTPUT)
    if report.error:
        click.echo(f"Error: {on_terminal(report.error)}", err=True)
    sys.exit(exit_code)


def _exported(options: _ExportOptions, report: ExportReport) -> None:
    """Read the catalog and write the file."""
    file = options["file"]
    if options["revision"] < NESTED_BULK_SINCE:
        raise FeedError(
            f"exports speak revisions from {NESTED_BULK_SINCE} on, and --revision is"
            f" {options['revision']}; leave it out, or name a later one"
        )
    format_name, carrier = chosen(file, options["output_format"] or "", options["carrier"] or "")
    choice = Choice(
        format_name, carrier, options["shop_url"], clock.now().date(), options["safe_cells"]
    )
    check_free(file, overwrite=options["overwrite"])
    client = ApiClient(options["url"], options["key"], options["revision"], options["timeout"])
    silent = options["output"] == "json"
    with closing(CatalogSpool()) as spool:
        unknown: Mapping[str, int | None] = dict.fromkeys(each.type for each in KINDS.values())
        with shown_progress(unknown, silent=silent) as progress:
            client.waiting = progress.wait
            read_catalog(client, spool, progress)
        report.read = spool.counts()
        totals = {KINDS[kind].type: count for kind, count in report.read.items()}
        with (
            written_whole(file, overwrite=options["overwrite"]) as into,
            shown_progress(totals, silent=silent) as progress,
        ):
            report.files = export(spool, into, choice, file, progress)
