"""Write the feeds of `tests/feeds/` and beside each what has to come of it.

The feeds are made here, with the quirks of real exports. The expected rows are those that the
readers give now. So a change of them shows in the diff, and has to be right there.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import openpyxl

from feeds.cases import expected_of

DIRECTORY = Path(__file__).parents[1] / "tests" / "feeds"
CRLF = "\r\n"
OLD = "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Position,Variant Image,Status"
WOO = "ID,Type,SKU,Name,Published,Visibility in catalog,Description,Date sale price starts,Date sale price ends,In stock?,Stock,Backorders allowed?,Sale price,Regular price,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s)"
GERMAN = "ID;Typ;Artikelnummer;Name;Veröffentlicht;Sichtbarkeit im Katalog;Beschreibung;Vorrätig?;Lager;Regulärer Preis;Angebotspreis;Kategorien;Bilder;Übergeordnetes Produkt;Attribut 1 Name;Attribut 1 Wert(e)"
GOOGLE = "id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tsale_price\tsale_price_effective_date\titem_group_id\tproduct_type\tbrand\tcolor"
RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:{p}="http://base.google.com/ns/1.0"><channel><title>Shop</title>
{items}
</channel></rss>
"""
ITEM = "<item><{p}:id>{id}</{p}:id><{p}:title>Cap</{p}:title><{p}:link>https://a.example/{id}</{p}:link><{p}:image_link>https://a.example/i</{p}:image_link>{more}</item>"


def rss(*items: str, prefix: str = "g") -> str:
    """Write a feed of Google Merchant."""
    return RSS.format(p=prefix, items="\n".join(items))


def item(identity: str, more: str = "", prefix: str = "g") -> str:
    """Write one item of it."""
    return ITEM.format(p=prefix, id=identity, more=more)


def lines(*rows: str, ends: str = "\n") -> str:
    """Write the lines of a table."""
    return ends.join(rows) + ends


def workbook() -> bytes:
    """Write a workbook one of whose sheets is a feed."""
    book = openpyxl.Workbook()
    book.create_sheet("About", 0).append(["Notes"])
    sheet = book.create_sheet("Products")
    sheet.append(
        [
            "Handle",
            "Title",
            "Variant Price",
            "Variant SKU",
            "Option1 Name",
            "Option1 Value",
            "Variant Barcode",
        ]
    )
    sheet.append(["cap", "Mütze", 19.95, 4711, "Size", "M", "3.65275E+11"])
    sheet.append(["cap", None, 21, "0815", None, "L", None])
    written = io.BytesIO()
    book.save(written)
    # The times of a zip's members are those of its making.
    fixed = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            data = old.read(each)
            if each.filename == "docProps/core.xml":
                continue
            new.writestr(zipfile.ZipInfo(each.filename, (2026, 1, 1, 0, 0, 0)), data)
    return fixed.getvalue()


def zipped(**files: str) -> bytes:
    """Write a zip."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", "."), (2026, 1, 1, 0, 0, 0)), text)
    return written.getvalue()


CASES: dict[str, str | bytes] = {
    "shopify/bom-crlf-html.csv": "\ufeff"
    + lines(
        OLD,
        'cap,Cap 🧢 قبعة,"<p>Warm, ""itchy""' + CRLF + 'and red\n</p>",Hats & Co,Apparel > Hats,Hat,"a, b",true,Title,Default Title,,,,shopify,3,deny,19.95,25.00,https://a.example/1.jpg,1,,active',
        ends=CRLF,
    ),
    "shopify/rows-apart-and-images.csv": lines(
        OLD,
        "cap,Cap,,,,,,TRUE,Size,S,,,,shopify,1,deny,10,,https://a.example/2.jpg,2,,active",
        "scarf,Scarf,,,,,,TRUE,Title,Default Title,,,,shopify,5,continue,7,,,,,active",
        "cap,,,,,,,,,,,,,,,,,,https://a.example/1.jpg,1,,",
        "cap,,,,,,,,,L,,,,shopify,0,deny,8,,,,https://a.example/l.jpg,",
    ),
    "shopify/no-skus-same-options.csv": lines(
        "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant Price",
        "cap,Cap,Size,S,Colour,,10",
        "cap,,,S,,,11",
        "cap,,,a/b,,c,12",
    ),
    "shopify/skus-not-unique.csv": lines(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price",
        "cap,Cap,Size,S,X1,10",
        "cap,,,M,X1,10",
    ),
    "shopify/new-shuffled-headings.csv": lines(
        " PRICE ,sku,Option1 VALUE,option1 name,title,URL handle,Continue selling when out of stock,Inventory quantity,Inventory tracker,status,product IMAGE url,Color (product.metafields.shopify.color-pattern),My.col[1]",
        "12,A1,S,Size,Cap,cap,TRUE,3,shopify,Active,https://a.example/1.jpg,black,3.65275E+11",
        "13,A2,M,,,cap,DENY,4,shopify,,,,",
    ),
    "shopify/states-and-stock.csv": lines(
        OLD,
        "draft,Draft,,,,,,true,Title,Default Title,,,,shopify,1,deny,1,,https://a.example/i,1,,draft",
        "archived,Archived,,,,,,true,Title,Default Title,,,,shopify,1,deny,1,,https://a.example/i,1,,archived",
        "hidden,Hidden,,,,,,false,Title,Default Title,,,,shopify,-4,continue,1,,https://a.example/i,1,,active",
        "untracked,Untracked,,,,,,true,Title,Default Title,,,,,,deny,0,,https://a.example/i,1,,active",
        "priceless,Priceless,,,,,,true,Title,Default Title,,,,shopify,1,deny,,,https://a.example/i,1,,active",
        "odd,Odd,,,,,,maybe,Title,Default Title,,,,shopify,x,sometimes,cheap,,https://a.example/i,1,,active",
    ),
    "shopify/odd-ids.csv": lines(
        "Handle,Title,Variant Price",
        "a:::b,One,1",
        '"a/b, 50%",Two,2',
        " blanks ,Three,3",
        ",Without Handle,4",
        ",,5",
    ),
    "shopify/excel-german.csv": lines(
        "Handle;Title;Variant Price;Variant Inventory Qty",
        'muetze;"Mütze „Größe“ – rot";1.299,00;1,00',
        "schal;Schal;19,95;2",
        "hut;Hut;19.95;2",
        ends=CRLF,
    ).encode("cp1252"),
    "shopify/utf-16-tabs.csv": lines("Handle\tTitle\tVariant Price", "cap\tMütze\tCHF 12.–").encode("utf-16"),
    "shopify/longer-and-cut-rows.csv": lines(
        "Handle,Title,Vendor,Variant Price", "a,A,V,1", "b,B, with a comma,V,2"
    )
    + "c,C",
    "shopify/cut-in-quotes.csv": lines("Handle,Title,Variant Price", "a,A,1") + 'b,"B and so',
    "shopify/sep-line.csv": lines("sep=;", "Handle;Title;Variant Price", "a;A;1,5"),
    "shopify/workbook.xlsx": workbook(),
    "shopify/finnish-headings.csv": lines("Tunniste,Nimi,Hinta", "cap,Lakki,3"),
    "shopify/header-alone.csv": lines("Handle,Title,Variant Price"),
    "woocommerce/parents-and-orphans.csv": lines(
        WOO,
        "11,variation,CAP-S,,1,visible,,,,1,3,0,,12,,https://a.example/s.jpg,CAP,Size,S",
        '10,variable,cap,Cap,1,visible,Warm,,,1,,0,,,"Hats > Caps, Sale",https://a.example/1.jpg,,Size,"S, M"',
        "12,variation,CAP-M,Cap in M,1,visible,,,,0,0,notify,9,10,,,id:10,Size,",
        "13,variation,GONE-S,,1,visible,,,,1,1,0,,5,,,GONE,Size,S",
        "14,variation,LOST,,1,visible,,,,1,1,0,,5,,,,Size,S",
    ),
    "woocommerce/sales-and-stock.csv": lines(
        WOO,
        "1,simple,A,Sale now,1,visible,,2026-01-01,2026-01-31,1,5,0,8,10,,https://a.example/i,,,",
        "2,simple,B,Sale over,1,visible,,,2025-12-31 23:59:59,1,,0,8,10,,https://a.example/i,,,",
        "3,simple,C,Always,1,visible,,,,backorder,,0,8,10,,https://a.example/i,,,",
        "4,simple,D,Out,0,visible,,,,0,,0,,10,,https://a.example/i,,,",
        "5,simple,E,Hidden,1,hidden,,,,1,-2,1,,10,,https://a.example/i,,,",
        "6,simple,F,Free,-1,visible,,,,1,1,0,,0,,,,,",
        '7,"simple, downloadable, virtual",G,Escaped,1,visible,,,,1,1,0,,"1,299.00","Food\\, Drink > Tea",https://a.example/i,,,',
    ),
    "woocommerce/no-ids.csv": lines(
        "Type,SKU,Name,Regular price", "simple,,Größe & Co. Hut,5", "simple,X1,Hut,5", "simple,,,5"
    ),
    "woocommerce/german.csv": lines(
        GERMAN,
        '1;variable;hut;Hut;1;visible;"Warm; rot";1;;;;Hüte > Sommer;https://a.example/1.jpg;;Größe;"S, M"',
        "2;variation;hut-s;Hut S;1;visible;;1;3;1.299,00;19,95;;;hut;Größe;S",
        ends=CRLF,
    ),
    "woocommerce/same-id-twice.csv": lines(
        "ID,Type,Name,Regular price", "1,simple,First,5", "2,simple,Two,5", "1,simple,Last,6"
    ),
    "google/groups.tsv": lines(
        GOOGLE,
        "a-s\tCap S\tWarm\thttps://a.example/a\thttps://a.example/i\tin stock\t10.00 EUR\t8.00 EUR\t2026-01-01T00:00Z/2026-02-01T00:00Z\ta\tHats > Caps\tOne\tred",
        "b\tScarf\t\thttps://a.example/b\thttps://a.example/i\tout_of_stock\t5.00 EUR\t\t\t\t\t\t",
        "a-m\tCap M\tWarm\thttps://a.example/a\thttps://a.example/i\tpreorder\t9.00 EUR\t\t\ta\tHats > Caps\tTwo\tblue",
        "c\t\tNo title\t\t\tin_stock\t\t\t\t\t\t\t",
    ),
    "google/other-prefix.xml": rss(
        item(
            "1",
            "<x:shipping><x:country>DE</x:country><x:price>4.90 EUR</x:price></x:shipping>"
            "<x:price>19.99 EUR</x:price><x:additional_image_link>https://a.example/2</x:additional_image_link>"
            "<x:additional_image_link>https://a.example/3</x:additional_image_link>"
            "<x:availability>in_stock</x:availability><title>Plain</title>",
            prefix="x",
        ),
        '<item xmlns:g="http://other.example/"><g:id>2</g:id></item>',
        prefix="x",
    ),
    "google/atom.xml": """<?xml version="1.0" encoding="iso-8859-1"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>Shop</title><link rel="self" href="https://a.example/"/>
<entry><id>tag:1</id><g:id>1</g:id><title>M\u00fctze</title><link href="https://a.example/1"/>
<summary><![CDATA[<b>Warm</b> & red]]></summary><g:image_link>https://a.example/i</g:image_link>
<g:price>1,299.00 USD</g:price></entry></feed>
""".encode("iso-8859-1"),
    "google/document-type.xml": '<?xml version="1.0"?>\n<!DOCTYPE rss [<!ENTITY a "b">]>\n' + rss(item("1"))[22:],
    "google/entity-bomb.xml": '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]><rss><channel><item><id>&j;</id></item></channel></rss>",
    "google/external-entity.xml": '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname">]><rss><channel><item><id>&a;</id></item></channel></rss>',
    "google/cut.xml": rss(item("1"), item("2"))[:300],
    "google/not-well-formed.xml": rss(item("1"), "<item><g:id>2</g:wrong></item>"),
    "google/unknown-root.xml": "<catalog><product/></catalog>",
    "klaviyo/types.json": """[
 {"id": "a", "title": "Cap", "link": "https://a.example/a", "description": "", "price": 50, "image_link": "https://a.example/i", "categories": ["x", "y"], "inventory_quantity": 3, "inventory_policy": 1, "brand": "One", "weight": 1.5, "new": true},
 {"id": 7, "title": "Scarf", "link": "https://a.example/b", "description": null, "price": "19.99", "image_link": "https://a.example/i", "categories": "x, z", "$inventory_quantity": -1},
 {"id": "c", "title": "Without price", "link": "https://a.example/c", "inventory_quantity": 3},
 {"title": "Without id", "link": "https://a.example/d"},
 {"id": "e", "title": "", "link": "https://a.example/e", "price": "cheap"},
 "text"
]
""",
    "klaviyo/same-id-twice.json": '[{"id":"a","title":"One","link":"u","price":1,"image_link":"i"},\n{"id":"a","title":"Two","link":"u","price":2,"image_link":"i"}]',
    "klaviyo/products.xml": "<Products><Product><id>a</id><title>Cap</title><link>https://a.example/a</link><price>10</price><categories>x, y,x</categories><image_link>https://a.example/i</image_link><inventory_quantity>0</inventory_quantity><inventory_policy>1</inventory_policy><fabric>wool</fabric></Product></Products>",
    "klaviyo/cut.json": '[{"id":"a","title":"One"},\n {"id":"b","ti',
    "klaviyo/two-values.json": '[{"id":"a"} {"id":"b"}]',
    "klaviyo/no-number.json": '[{"id":"a","price":NaN}]',
    "klaviyo/deep.json": '[{"id":"a","title":' + "[" * 100_000 + "]" * 100_000 + "}]",
    "klaviyo/empty.json": "[]",
    "google/meta-template.csv": lines(
        '"# Required | A unique content ID, at most 100 characters","# Required | A specific title, of at most 200 characters",# Required | Plain text,# Required | In stock or out of stock,# Required,# Required | As 9.99 USD,# Required,# Required,# Optional,# Optional,# Optional,# Optional,# Optional,# Optional',
        "id,title,description,availability,condition,price,link,image_link,fb_product_category,quantity_to_sell_on_facebook,item_group_id,status,image[1].url,product_tags[0]",
        "cap-s,Cap S,Warm,in stock,new,10.00 USD,https://a.example/cap,https://a.example/1.jpg,clothing & accessories > hats,75,cap,active,https://a.example/2.jpg,sale",
        "cap-m,Cap M,Warm,in stock,new,12.00 USD,https://a.example/cap,https://a.example/1.jpg,clothing & accessories > hats,0,cap,archived,,",
        "scarf,Scarf,Long,out of stock,new,5.00 USD,https://a.example/scarf,https://a.example/3.jpg,,,,archived,,",
    ),
    "google/openai-flags.csv": lines(
        "enable_search,enable_checkout,id,title,description,link,image_link,price,availability,inventory_quantity,seller_name",
        "true,false,cap,Cap,Warm,https://a.example/cap,https://a.example/1.jpg,10.00 USD,in_stock,4,Shop",
    ),
    "google/local-inventory.tsv": lines(
        "store_code\titemid\tquantity\tprice\tavailability",
        "Berlin\tcap\t3\t9.99 EUR\tin_stock",
    ),
    "google/supplemental.tsv": lines(
        "id\tcustom_label_0\tsale_price",
        "cap\tpromo\t5.00 EUR",
    ),
    "openai/products.csv": lines(
        "is_eligible_search,is_eligible_checkout,item_id,title,description,url,brand,image_url,additional_image_urls,product_category,price,sale_price,availability,inventory_quantity,group_id,listing_has_variations",
        'true,false,cap-s,Cap S,Warm,https://a.example/cap,Acme,https://a.example/1.jpg,"https://a.example/2.jpg,https://a.example/3.jpg",Apparel > Hats,79.99 USD,59.99 USD,in_stock,25,cap,true',
        "true,false,cap-m,Cap M,Warm,https://a.example/cap,Acme,https://a.example/1.jpg,,Apparel > Hats,79.99 USD,,out_of_stock,0,cap,true",
    ),
    "openai/products.jsonl": lines(
        '{"item_id":"cap-s","title":"Cap S","description":"Warm","url":"https://a.example/cap","image_url":"https://a.example/1.jpg","additional_image_urls":["https://a.example/2.jpg"],"price":"79.99 USD","availability":"in_stock","group_id":"cap","is_eligible_search":true,"variant_dict":{"size":"S"}}',
        '{"item_id":"cap-m",',
        "",
        '{"item_id":"scarf","title":"Scarf","url":"https://a.example/scarf","price":"5 USD"}',
    ),
    "woocommerce/danish.csv": lines(
        "ID,Type,Varenummer (SKU),Navn,Udgivet,Er fremhævet (udvalgt)?,Synlighed i katalog (shoppens frontend),Kort beskrivelse,Beskrivelse,Den dato hvor tilbudsprisen starter,Den dato hvor tilbudsprisen slutter,På lager?,Lager,Restordrer tilladt?,Vægt (kg),Salgspris,Normalpris,Kategorier,Billeder,Hoved,Egenskab 1 navn,Egenskab 1 værdi(er),Egenskab 1 er synlig",
        '1,variable,M,Hue,1,0,visible,,Varm,,,1,,0,"0,2",,,Tøj > Huer,https://a.example/1.jpg,,Størrelse,"S, M",1',
        '2,variation,M-S,Hue - S,1,0,visible,,,2026-01-01,2026-02-01,1,5,1,,"99,00","149,00",,,M,Størrelse,S,',
    ),
    "woocommerce/norwegian.csv": lines(
        "ID,Type,Produktnummer,Navn,Publisert,Er fremhevet?,Synlighet i katalogen,Kort beskrivelse,Beskrivelse,Startdato for tilbudspris,Sluttdato for tilbudspris,På lager?,Lager,Restordre tillatt?,Vekt (kg),Salgspris,Ordinær pris,Kategorier,Bilder,Forelder,Attributt 1 navn,Attributt 1 verdi(er),Attributt 1 synlig",
        '1,variable,M,Lue,1,0,hidden,,Varm,,,1,,0,"0,2",,,Klær > Luer,https://a.example/1.jpg,,Størrelse,"S, M",1',
        '2,variation,M-S,Lue - S,1,0,visible,,,,,1,5,1,,"99,00","149,00",,,M,Størrelse,S,',
    ),
    "woocommerce/czech.csv": lines(
        "ID,Typ,Katalogové číslo,Název,Publikovaný,Je doporučený?,Viditelnost v katalogu,Krátký popis,Popis,Akční cena začíná dne,Akční cena končí dne,Skladem?,Skladem,Povoleno objednávání?,Hmotnost (kg),Akční cena,Běžná cena,Kategorie,Obrázky,Nadřazené,Název 1 vlastnosti,Hodnota(y) 1 vlastnosti,Vlastnost 1 viditelnost",
        '1,variable,M,Čepice,1,0,visible,,Teplá,,,1,,0,"0,2",,,Oblečení > Čepice,https://a.example/1.jpg,,Velikost,"S, M",1',
        '2,variation,M-S,Čepice - S,1,0,visible,,,,,1,5,1,,"99,00","149,00",,,M,Velikost,S,',
    ),
    "woocommerce/hungarian.csv": lines(
        "Azonosító,Típus,Cikkszám,Név,Közzétéve,Kiemelt?,Látható a katalógusban,Rövid leírás,Leírás,Akciós ár első napja,Akciós ár utolsó napja,Raktáron?,Készlet,Függő rendelés engedélyezése?,Tömeg (kg),Akciós ár,Normál ár,Kategóriák,Képek,Szülő,Tulajdonság neve 1,Tulajdonság (1) értéke(i),Tulajdonság 1 láthatósága,Tulajdonság neve 1",
        '1,variable,M,Sapka,1,0,visible,,Meleg,,,1,,0,"0,2",,,Ruha > Sapkák,https://a.example/1.jpg,,Méret,"S, M",1,S',
        '2,variation,M-S,Sapka - S,1,0,visible,,,,,1,5,1,,"99,00","149,00",,,M,Méret,S,,',
    ),
    "shopify/nameless-end.csv": lines(
        "Handle,Title,Variant Price,Image Src,,",
        "a,A,1.00,https://a.example/i",
        "b,B,2.00,https://a.example/i,,",
        "c,C,3.00",
        "d,D,4.00,https://a.example/i,x,",
    ),
    "openai/sales.csv": lines(
        "item_id,title,description,url,brand,image_url,price,sale_price,sale_price_start_date,sale_price_end_date,availability,seller_name,return_policy,target_countries,store_country,is_eligible_search,is_eligible_checkout,is_ads_eligible",
        "now,Cap,Warm,https://a.example/cap,Acme,https://a.example/1.jpg,89.00 USD,79.00 USD,2026-01-01,2026-01-31,in_stock,Acme,https://a.example/r,US,US,true,false,true",
        "over,Scarf,Long,https://a.example/scarf,Acme,https://a.example/1.jpg,49.00 USD,39.00 USD,2025-01-01,2025-01-31,pre_order,Acme,https://a.example/r,US,US,true,false,true",
    ),
    "csv/quirks.csv": lines(
        "Type;EXTERNAL_ID ;Title;Price;description;custom_metadata.Größe;colour",
        "item; C1 ;Cap;19,95;" + '""""""' + ";M;red",
        "item;C2;Cap;1.299,00;;;",
        "item;C3;Cap;19.95;;;",
        "hat;C4;Cap;1;;;",
        "item;;Cap;1;;;",
        "item;C6;Cap;1;;;;",
    ),
    "csv/packed.zip": zipped(shop_csv="type,external_id,title\nitem,C1,Cap\n"),
    "csv/two-in-one.zip": zipped(a_csv="type,external_id\n", b_csv="x"),
    "csv/packed.csv.gz": gzip.compress(b"type,external_id,title\nitem,C1,Cap\n", mtime=0),
    "csv/cut.csv.gz": gzip.compress(b"type,external_id,title\nitem,C1,Cap\n" * 50, mtime=0)[:40],
    "csv/bomb.csv.gz": gzip.compress(gzip.compress(b"\0" * 60_000_000, mtime=0), mtime=0),
    "jsonl/nulls-and-resources.jsonl": '{"type":"item","external_id":"C1","price":null}\n\n{"type":"catalog-item","id":"$custom:::$default:::C2","attributes":{"title":"Cap"}}\nnonsense\n["a"]\n{"type":"item","external_id":"C3","custom_metadata":{"a.b[0]":"3.65275E+11"}}\n',
    "json/array.json": '[{"type":"item","external_id":"C1","price":1},\n 3,\n {"type":"item"}]',
    "api/page.json": '{"links":{"next":null},"data":[\n{"type":"catalog-item","id":"$custom:::$default:::C1","attributes":{"external_id":"C1","title":"Cap","price":null,"created":"x"},"relationships":{"categories":{"data":[{"type":"catalog-category","id":"$custom:::$default:::hats"}]}}},\n{"type":"catalog-variant","id":"$custom:::$default:::C1-M","attributes":{"sku":"m"},"relationships":{"item":{"data":{"type":"catalog-item","id":"$custom:::$default:::C1"}}}}]}',
    "api/array.json": '[{"type":"catalog-category","id":"$custom:::$default:::hats","attributes":{"name":"Hats"}}]',
    "api/error.json": '{"errors":[{"detail":"no"}]}',
    "api/web-page.html": "<!DOCTYPE html><html><body>Sign in</body></html>",
}  # fmt: skip


def main() -> None:
    """Write all of them."""
    for name, content in CASES.items():
        path = DIRECTORY / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.with_name(f"{path.name}.expected.json").write_bytes(expected_of(path))


if __name__ == "__main__":
    main()
