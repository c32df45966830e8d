from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.feeds.api_client import ApiClient
from backroom.feeds.catalog_reading import read_catalog
from backroom.feeds.catalog_spool import CatalogSpool
from backroom.revisions import NEWEST
from support.catalog import catalog_id  # noqa: F401

if TYPE_CHECKING:
    from support.client import Client
