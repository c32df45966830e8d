from __future__ import annotations

from backroom.feeds.feed_options import FeedOptions


def test_nothing_is_said_by_default() -> None:
    options = FeedOptions()
    assert not any((options.encoding, options.delimiter, options.compression, options.shop_url))
    assert (options.numbers, options.mapping, options.today) == (None, None, None)
    assert not options.private_addresses
