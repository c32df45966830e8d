"""backroom: a catalog server that speaks Klaviyo's Catalogs API in every dated revision."""

__version__ = "0.1.0"
