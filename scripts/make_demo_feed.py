"""Make the shop that comes with backroom: the same bytes each time.

Writes `shop.jsonl`, a feed of an outdoor shop with a handful of bad rows, and beside it
`shop.expected.json`, what a load of it into an empty account has to give.
"""
# ruff: noqa: RUF001 - real shops use typographic quotes and dashes

from __future__ import annotations

import json
import random
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

SEED = 20261015
ITEMS = 300
SHOP = "https://fjell-and-fell.example"
DEFAULT_DIRECTORY = Path(__file__).parents[1] / "src" / "backroom" / "feeds" / "demo"

CATEGORIES = {
    "women": "Women",
    "men": "Men",
    "kids": "Kids",
    "jackets": "Jackets & Shells",
    "fleece": "Fleece",
    "down": "Down & Insulation",
    "baselayers": "Merino Base Layers",
    "trousers": "Trousers & Tights",
    "shorts": "Shorts",
    "footwear": "Footwear",
    "socks": "Socks",
    "hats": "Hats, Caps & Beanies",
    "gloves": "Gloves & Mittens",
    "packs": "Backpacks",
    "tents": "Tents & Tarps",
    "sleeping": "Sleeping Bags & Mats",
    "kitchen": "Camp Kitchen",
    "lighting": "Headlamps & Lanterns",
    "climbing": "Climbing – Klettern",
    "ski": "Ski Touring – Toppturer",
    "running": "Trail Running",
    "travel": "Travel & Reise",
    "gifts": "Gifts under 50",
    "outlet": "Outlet %",
    "new": "New this season",
}
CLOTHES = ("XS", "S", "M", "L", "XL", "XXL")
SHOES = ("37", "38", "39", "40", "41", "42", "43", "44", "45")
ONE_SIZE = ("One size",)
LITRES = ("18 l", "28 l", "45 l", "65 l")
LENGTHS = ("Regular", "Long")
"""Sizes that go together."""


@dataclass(frozen=True)
class Sort:
    """A sort of product: how it is called, where it stands, what it costs and weighs."""

    noun: str
    categories: tuple[str, ...]
    sizes: tuple[str, ...]
    price: tuple[int, int]
    grams: tuple[int, int]
    material: str
    people: bool = True


SORTS = (
    Sort("Rain Jacket", ("jackets",), CLOTHES, (129, 349), (280, 460), "3-layer nylon, PFC-free"),
    Sort("Softshell", ("jackets",), CLOTHES, (99, 219), (390, 560), "stretch polyester"),
    Sort("Fleece Hoody", ("fleece",), CLOTHES, (69, 149), (290, 420), "recycled polyester"),
    Sort("Down Jacket", ("down",), CLOTHES, (179, 429), (310, 590), "800-fill goose down"),
    Sort("Merino Crew", ("baselayers",), CLOTHES, (59, 119), (150, 240), "merino wool, 18.5 µm"),
    Sort("Merino Tights", ("baselayers",), CLOTHES, (59, 109), (160, 230), "merino wool, 18.5 µm"),
    Sort("Trekking Trousers", ("trousers",), CLOTHES, (79, 189), (320, 520), "waxed cotton blend"),
    Sort("Trail Shorts", ("shorts", "running"), CLOTHES, (39, 89), (110, 190), "ripstop nylon"),
    Sort("Hiking Boots", ("footwear",), SHOES, (139, 299), (980, 1480), "nubuck, rubber sole"),
    Sort("Trail Shoes", ("footwear", "running"), SHOES, (99, 179), (480, 720), "knit, rubber sole"),
    Sort("Touring Bibs", ("ski", "trousers"), CLOTHES, (219, 449), (490, 690), "3-layer polyester"),
    Sort("Hiking Socks", ("socks",), ("35–38", "39–42", "43–46"), (14, 29), (60, 95), "wool blend"),
    Sort("Beanie", ("hats", "gifts"), ONE_SIZE, (19, 45), (50, 90), "lambswool", people=False),
    Sort(
        "Sun Cap", ("hats", "gifts"), ONE_SIZE, (24, 39), (60, 85), "organic cotton", people=False
    ),
    Sort("Mittens", ("gloves", "ski"), ("S", "M", "L"), (49, 139), (130, 240), "goat leather"),
    Sort(
        "Daypack",
        ("packs", "travel"),
        LITRES[:2],
        (69, 139),
        (480, 890),
        "robic nylon",
        people=False,
    ),
    Sort(
        "Trekking Pack",
        ("packs",),
        LITRES[2:],
        (149, 289),
        (1180, 2100),
        "robic nylon",
        people=False,
    ),
    Sort("2-Person Tent", ("tents",), ONE_SIZE, (249, 699), (1350, 2600), "silnylon", people=False),
    Sort("Tarp", ("tents",), ("3×3 m", "4×3 m"), (89, 189), (390, 780), "silpoly", people=False),
    Sort(
        "Sleeping Bag",
        ("sleeping",),
        LENGTHS,
        (159, 489),
        (620, 1290),
        "hydrophobic down",
        people=False,
    ),
    Sort(
        "Sleeping Mat", ("sleeping",), LENGTHS, (79, 199), (350, 620), "20D polyester", people=False
    ),
    Sort(
        "Pot Set",
        ("kitchen",),
        ONE_SIZE,
        (39, 99),
        (210, 480),
        "hard-anodised aluminium",
        people=False,
    ),
    Sort(
        "Gas Stove", ("kitchen",), ONE_SIZE, (45, 159), (73, 390), "titanium, brass", people=False
    ),
    Sort(
        "Headlamp",
        ("lighting", "running"),
        ONE_SIZE,
        (35, 119),
        (38, 120),
        "polycarbonate",
        people=False,
    ),
    Sort(
        "Climbing Harness", ("climbing",), ("S", "M", "L"), (55, 119), (290, 430), "nylon webbing"
    ),
    Sort("Chalk Bag", ("climbing", "gifts"), ONE_SIZE, (19, 35), (80, 120), "canvas", people=False),
)
LINES = (
    "Ailefroide", "Àrd Beinn", "Åreskutan", "Bruarfoss", "Càrn Mòr", "Dovre", "Eiger", "Fanaråken",
    "Fuji 富士", "Galdhøpiggen", "Gausta", "Hallasan 한라산", "Høgste", "Isjöarna", "Jostedal",
    "Kebne", "Lochan", "Löyly", "Mýrdals", "Næra", "Ötztal", "Piz Palü", "Rondane", "Rysy",
    "Sølvtind", "Stetind", "Tatra", "Tre Cime", "Triglav", "Þórsmörk", "Vâlcea", "Zugspitze",
)  # fmt: skip
COLOURS = {
    "BLK": "Black",
    "MOS": "Moss",
    "FJO": "Fjord Blue",
    "RUS": "Rust",
    "SND": "Sand",
    "ROD": "Rød",
    "ICE": "Glacier",
    "OCR": "Ocre d’été",
}
CARE = ("Wash at 30°", "Hand wash", "Wipe clean", "Wash in, proof again")
PRAISE = (
    "Made for days that begin before the sun does.",
    "Light enough to forget, tough enough to keep.",
    "The one that we take ourselves.",
    "Packs to the size of a loaf of bread 🍞 and weighs less.",
    "Tested for two winters in Lyngen – and one very wet summer in Wales.",
    "“Best I ever had on my back” says Þóra, who guides on Vatnajökull.",
    "«Тепло и сухо даже в пургу»; «خفيفة ودافئة» – two of 4,000 reviews.",
    "Repaired free of charge, for as long as you own it.",
)
DETAILS = (
    "Taped seams",
    "Two-way zip",
    "Fits under a harness",
    "Reflective trim",
    "Helmet-compatible",
    "Recycled fabric",
    "bluesign® approved",
    "Spare parts for 10 years",
    "Cut &amp; sewn in Porto",
)

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "þ": "th", "ð": "d", "’": "", "–": "-", "×": "x"})


def slug(text: str) -> str:
    """Write a name with lower-case ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    words = plain.encode("ascii", "ignore").decode().replace("-", " ").split()
    return "-".join("".join(filter(str.isalnum, word)) for word in words)


def likely(chance: random.Random, percent: int) -> bool:
    """Say yes so often."""
    return chance.randint(1, 100) <= percent


@dataclass
class Feed:
    """The lines so far, and what a load of them has to give."""

    lines: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: dict[str, Any], fault: str = "", *, cut: bool = False) -> None:
        """Write a row; one with a `fault`, which is where it is found out, has to fail."""
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        self.lines.append(line[: len(line) // 2] if cut else line)
        label = "unreadable" if cut else f"catalog-{row['type']}"
        counts = self.counts.setdefault(label, Counter(rows=0, created=0, failed=0))
        counts["rows"] += 1
        counts["failed" if fault else "created"] += 1
        if fault:
            found = {"line": len(self.lines), "type": None, "external_id": None, "by": fault}
            if not cut:
                found |= {"type": label, "external_id": row["external_id"]}
            self.faults.append(found)


def item(chance: random.Random, number: int, sort: Sort, line: str) -> dict[str, Any]:
    """Make one product."""
    audience = chance.choice(("women", "men", "men", "women", "kids")) if sort.people else ""
    owner = {"women": "Women’s ", "men": "Men’s ", "kids": "Kids’ "}.get(audience, "")
    title = f"{line} {owner}{sort.noun}"
    handle = slug(title)
    image = f"https://img.fjell-and-fell.example/{handle}"
    extra = [name for name in ("outlet", "new") if likely(chance, 12)]
    details = sorted({chance.choice(DETAILS), chance.choice(DETAILS), chance.choice(DETAILS)})
    points = "".join(f"<li>{detail}</li>" for detail in details)
    metadata: dict[str, Any] = {
        "brand": "Fjell & Fell",
        "material": sort.material,
        "weight_g": chance.randint(*sort.grams),
        "care": chance.choice(CARE),
        "vegan": not any(word in sort.material for word in ("wool", "down", "leather", "nubuck")),
    }
    if likely(chance, 50):
        metadata["rating"] = chance.randint(34, 50) / 10
    return {
        "type": "item",
        "external_id": f"FF-{1000 + number}",
        "title": title,
        "description": f"<p>{chance.choice(PRAISE)}</p><ul>{points}</ul>",
        "price": chance.randint(*sort.price) - 0.05,
        "url": f"{SHOP}/p/{handle}",
        "image_full_url": f"{image}/1.jpg",
        "image_thumbnail_url": f"{image}/1-240.jpg",
        "images": [f"{image}/{shot}.jpg" for shot in range(2, chance.randint(3, 5))],
        "custom_metadata": metadata,
        "published": likely(chance, 96),
        "categories": [*sort.categories, *([audience] if audience else []), *extra],
    }


def variants(chance: random.Random, parent: dict[str, Any], sort: Sort) -> list[dict[str, Any]]:
    """Make the colours and sizes that a product comes in."""
    codes = list(COLOURS)
    first = chance.randint(0, len(codes) - 1)
    colours = [codes[first], codes[first - 3]][: 1 if likely(chance, 60) else 2]
    longest = 3 if len(colours) == 1 else 2
    start = chance.randint(0, max(0, len(sort.sizes) - longest))
    return [
        variant(chance, parent, colour, size)
        for colour in colours
        for size in sort.sizes[start : start + longest]
    ]


def variant(chance: random.Random, parent: dict[str, Any], code: str, size: str) -> dict[str, Any]:
    """Make one variant of `parent`."""
    external_id = f"{parent['external_id']}-{code}-{slug(size).upper()}"
    stock = max(0, chance.randint(-6, 60))
    return {
        "type": "variant",
        "external_id": external_id,
        "item": parent["external_id"],
        "title": f"{parent['title']} – {COLOURS[code]} / {size}",
        "description": f"{COLOURS[code]}, {size}",
        "sku": external_id,
        "inventory_quantity": stock,
        "inventory_policy": chance.choice((0, 1, 1, 2)),
        "price": parent["price"],
        "url": f"{parent['url']}?v={code}-{slug(size)}",
        "image_full_url": parent["image_full_url"].replace("/1.jpg", f"/{code.lower()}.jpg"),
        "custom_metadata": {
            "colour": COLOURS[code],
            "size": size,
            "gtin": f"70{chance.randint(10**10, 10**11 - 1)}",
        },
    }


def shop() -> Feed:
    """Make the whole feed, with a bad row here and there."""
    chance = random.Random(SEED)  # noqa: S311 - a shop, not a secret
    feed = Feed()
    for external_id, name in CATEGORIES.items():
        feed.add({"type": "category", "external_id": external_id, "name": name})
    unused = {sort.noun: list(LINES) for sort in SORTS}
    for number in range(ITEMS):
        sort = SORTS[number % len(SORTS)]
        line = unused[sort.noun].pop(chance.randint(0, len(unused[sort.noun]) - 1))
        product = item(chance, number, sort, line)
        offers = variants(chance, product, sort)
        feed.add(product)
        for offer in offers:
            feed.add(offer)
        add_bad_row(feed, number, product, offers[-1])
    return feed


def add_bad_row(feed: Feed, number: int, product: dict[str, Any], offer: dict[str, Any]) -> None:
    """After some products, write a row of the kind that real exports have."""
    copy = {**product, "external_id": f"{product['external_id']}-B"}
    match number:
        case 31:  # exported twice
            feed.add(product | {"title": product["title"] + " (copy)"}, "feed")
        case 67:  # filed under a category that was renamed
            feed.add(copy | {"categories": ["jackets-and-shells"]}, "job")
        case 104:  # its item was deleted
            feed.add(offer | {"external_id": "FF-0917-BLK-M", "item": "FF-0917"}, "job")
        case 142:  # a price for people to read
            feed.add(copy | {"price": "ask in store"}, "request")
        case 188:  # never given a title
            feed.add(copy | {"title": None}, "feed")
        case 226:  # a policy that there isn't
            feed.add(offer | {"external_id": offer["sku"] + "-P", "inventory_policy": 3}, "request")
        case 271:  # the export was cut off here once
            feed.add(copy, "feed", cut=True)
        case _:
            pass


@click.command()
@click.argument(
    "directory",
    default=DEFAULT_DIRECTORY,
    type=click.Path(file_okay=False, exists=True, path_type=Path),
)
def main(directory: Path) -> None:
    """Write the feed and what it has to give into DIRECTORY, by default into the package."""
    feed = shop()
    text = "\n".join(feed.lines) + "\n"
    (directory / "shop.jsonl").write_text(text, encoding="utf-8", newline="\n")
    expected = {"counts": feed.counts, "faults": feed.faults}
    (directory / "shop.expected.json").write_text(
        json.dumps(expected, indent=2) + "\n", encoding="utf-8", newline="\n"
    )


if __name__ == "__main__":
    main()
