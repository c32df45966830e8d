"""Receive a file to import, as a body or by a form. Each part is written to the disk as it comes.

Event-loop code.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, BinaryIO

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response

from backroom.catalog.values import whole_number
from backroom.control.imports import MOST_FILE_BYTES, imports_of, safe_name
from backroom.control.route import ControlError
from backroom.dashboard.catalog import chosen_account
from backroom.dashboard.catalog_links import CATALOG_PATH
from backroom.dashboard.page import dashboard_of, redirect
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from backroom.control.imports import Import, Imports

IMPORT_PATH = f"{CATALOG_PATH}/import"
_UPLOAD_PART_BYTES = 2**20
"""How many bytes are written at a time."""


async def receive(request: Request) -> Response:
    """Take a file, and lead to its import.

    A script gets the address of the import, or the reason of a failure.
    """
    sent = request.scope["form"].get("file")
    try:
        if isinstance(sent, UploadFile):
            found = await asyncio.to_thread(_take_form, request, sent)
            return redirect(request, f"{IMPORT_PATH}/{found.import_id}")
        found = await _take_body(request)
    except ControlError as error:
        return PlainTextResponse(error.detail, error.status)
    except StoreUnavailable as error:
        return PlainTextResponse(f"The database is unavailable: {error}", 503)
    except OSError as error:
        return PlainTextResponse(f"The file can't be kept: {error.strerror}", 507)
    finally:
        await request.scope["form"].close()
    root = dashboard_of(request).root
    return JSONResponse({"page": f"{root}{IMPORT_PATH}/{found.import_id}"})


def _account_into(request: Request) -> str:
    """Give the account to import into. Raises `ControlError`."""
    named = request.query_params.get("account", "")
    with dashboard_of(request).control.database.read() as tx:
        chosen = chosen_account(tx, named)
    if chosen is None or named not in {chosen.account, chosen.name}:
        raise ControlError(404, "There is no such account.")
    return chosen.account


def _prepared(request: Request) -> tuple[Imports, str, Path]:
    account = _account_into(request)
    imports = imports_of(dashboard_of(request).control)
    return imports, account, imports.new_folder()


async def _take_body(request: Request) -> Import:
    length = request.headers.get("content-length", "")
    if length and whole_number(length, MOST_FILE_BYTES) is None:
        raise _too_large()
    imports, account, folder = await asyncio.to_thread(_prepared, request)
    name = safe_name(request.query_params.get("name", ""))
    try:
        with (folder / "file" / name).open("wb") as file:
            await _write_body(request, file)
        return await asyncio.to_thread(imports.add, folder, name, account)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


async def _write_body(request: Request, file: BinaryIO) -> None:
    waiting = bytearray()
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_FILE_BYTES:
                raise _too_large()
            waiting += part
            if len(waiting) >= _UPLOAD_PART_BYTES:
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
    except ClientDisconnect:
        raise ControlError(400, "The upload ended before the end of the file.") from None
    await asyncio.to_thread(file.write, bytes(waiting))
    if not size:
        raise ControlError(400, "The file is empty.")


def _take_form(request: Request, sent: UploadFile) -> Import:
    """Take a file from a form, which a browser without scripts sends."""
    if not sent.filename:
        raise HTTPException(400, "Choose a file first.")
    imports, account, folder = _prepared(request)
    name = safe_name(sent.filename)
    try:
        with (folder / "file" / name).open("wb") as file:
            shutil.copyfileobj(sent.file, file)
        return imports.add(folder, name, account)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _too_large() -> ControlError:
    return ControlError(
        413,
        f"A file has at most {MOST_FILE_BYTES // 2**20} MB here. Load it with `backroom import`,"
        " which has no limit, or compressed.",
    )
