"""The headings of WooCommerce's product CSV, which it writes in the language of the shop.

The English ones come first. Then come those of German, French, Spanish, Dutch, Italian, Polish,
Portuguese, Swedish, Turkish, Russian, Danish, Norwegian, Czech and Hungarian shops. Some are those
of other programs that write this format. A unit in brackets, such as `(kg)`, may be any.

Most of those of the last four languages are in WooCommerce's translations, woocommerce-da_DK.po,
-nb_NO.po, -cs_CZ.po and -hu_HU.po, at the lines of class-wc-product-csv-exporter.php. Short general
ones, such as those of the SKU, the name and the tags, are the usual words of each language.
"""

# ruff: noqa: RUF001 - the letters of Russian headings look like Latin ones
from __future__ import annotations

HEADINGS: dict[str, tuple[str, ...]] = {
    "id": ("ID", "Kimlik", "Azonosító"),
    "type": ("Type", "Typ", "Tipo", "Tür", "Тип", "Típus"),
    "sku": ("SKU", "Artikelnummer", "UGS", "Référence", "REF", "Artikelnummer (SKU)", "Art.-Nr.", "Artikelnr", "Artikelnr.", "Stok kodu (SKU)", "Артикул", "Varenummer (SKU)", "SKU (Varenummer)", "Varenummer", "Produktnummer", "Produktnr", "Produktnr.", "Katalogové číslo", "Cikkszám"),
    "name": ("Name", "Nom", "Nombre", "Naam", "Nome", "Nazwa", "Namn", "İsim", "Имя", "Navn", "Název", "Jméno", "Név"),
    "published": ("Published", "Veröffentlicht", "Publié", "Publicado", "Gepubliceerd", "Pubblicato", "Opublikowano", "Publicerad", "Yayımlanmış", "Опубликован", "Udgivet", "Publisert", "Publikovaný", "Publikováno", "Közzétéve"),
    "status": ("Status",),
    "visibility": ("Visibility in catalog", "Visibility in catalogue", "Sichtbarkeit im Katalog", "Visibilité dans le catalogue", "Visibilidad en el catálogo", "Zichtbaarheid in catalogus", "Visibilità nel catalogo", "Widoczność w katalogu", "Visibilidade no catálogo", "Catalog visibility", "Synlighet i katalog", "Katalogda görünürlük", "Видимость в каталоге", "Synlighed i katalog (shoppens frontend)", "Synlighed i katalog", "Synlighed i kataloget", "Synlighet i katalogen", "Viditelnost v katalogu", "Látható a katalógusban", "Láthatóság a katalógusban"),
    "short description": ("Short description", "Kurzbeschreibung", "Description courte", "Descripción corta", "Korte omschrijving", "Korte beschrijving", "Breve descrizione", "Krótki opis", "Descrição curta", "Kort beskrivning", "Kısa açıklama", "Короткое описание", "Краткое описание", "ShortDescription", "Kort beskrivelse", "Krátký popis", "Rövid leírás"),
    "description": ("Description", "Beschreibung", "Descripción", "Beschrijving", "Descrizione", "Opis", "Descrição", "Beskrivning", "Açıklama", "Описание", "Beskrivelse", "Popis", "Leírás"),
    "sale starts": ("Date sale price starts", "Datum, an dem Angebotspreis beginnt", "Date de début de promo", "Día en que empieza el precio rebajado", "Startdatum actieprijs", "Data di inizio del prezzo in offerta", "Data rozpoczęcia promocji", "Data de preço promocional começa em", "Datum, an dem der Angebotspreis beginnt", "Datum när reapriset börjar", "İndirimli fiyatın başladığı tarih", "Дата начала действия цены распродажи", "Den dato hvor tilbudsprisen starter", "Startdato for tilbudspris", "Akční cena začíná dne", "Akciós ár első napja"),
    "sale ends": ("Date sale price ends", "Datum, an dem Angebotspreis endet", "Date de fin de promo", "Día en que termina el precio rebajado", "Einddatum actieprijs", "Data di fine del prezzo in offerta", "Data zakończenia promocji", "Data de preço promocional termina em", "Datum, an dem der Angebotspreis endet", "Datum när reapriset upphör", "İndirimli fiyatın bittiği tarih", "Дата окончания действия цены распродажи", "Den dato hvor tilbudsprisen slutter", "Sluttdato for tilbudspris", "Akční cena končí dne", "Akciós ár utolsó napja"),
    "in stock": ("In stock?", "Vorrätig?", "Auf Lager?", "En stock ?", "En stock?", "En inventaire?", "¿Existencias?", "¿En inventario?", "Op voorraad?", "In magazzino?", "W magazynie?", "Em estoque?", "Em estoque", "Em stock?", "Stock status", "I lager?", "Stokta?", "В наличии?", "StockStatus", "På lager?", "Skladem?", "Je skladem?", "Raktáron?", "Raktáron van?", "Készleten?"),
    "stock": ("Stock", "Lager", "Lagerbestand", "Bestand", "Inventaire", "Inventario", "Voorraad", "Magazzino", "Stan magazynowy", "Estoque", "Stock quantity", "Quantity", "Lagersaldo", "Stok", "Запасы", "StockQuantity", "Lagerbeholdning", "Lagerantal", "Skladem", "Sklad", "Készlet"),
    "backorders": ("Backorders allowed?", "Lieferrückstände erlaubt?", "Lieferrückstande erlaubt?", "Autoriser les commandes de produits en rupture ?", "¿Permitir reservas de productos agotados?", "¿Permitir pedidos pendientes?", "Nabestellingen toestaan?", "Abilita gli ordini arretrati?", "Pozwalać na zamówienia oczekujące (na dostawę do magazynu)?", "São permitidas encomendas?", "São permitidas encomendas", "Rückstände erlaubt?", "Tillåt restnoteringar?", "Yok satmaya izin?", "Ön Siparişe İzin Ver?", "Задержанный заказ возможен?", "Restordrer tilladt?", "Restordre tillatt?", "Povoleno objednávání?", "Függő rendelés engedélyezése?"),
    "sale price": ("Sale price", "Angebotspreis", "Tarif promo", "Precio rebajado", "Actieprijs", "Prezzo in offerta", "Cena promocyjna", "Preço promocional", "Reapris", "İndirimli satış fiyatı", "Цена распродажи", "Акционная цена", "SalePrice", "Salgspris", "Tilbudspris", "Akční cena", "Akciós ár"),
    "regular price": ("Regular price", "Regulärer Preis", "Normalpreis", "Tarif régulier", "Precio normal", "Reguliere prijs", "Prezzo di listino", "Cena", "Preço normal", "Preço", "Ordinarie pris", "Normal fiyat", "Базовая цена", "RegularPrice", "Normalpris", "Ordinær pris", "Vanlig pris", "Běžná cena", "Normál ár"),
    "price": ("Price",),
    "categories": ("Categories", "Kategorien", "Catégories", "Categorías", "Categorieën", "Categorie", "Kategorie", "Categorias", "Kategorier", "Kategoriler", "Категории", "Kategóriák"),
    "images": ("Images", "Bilder", "Imágenes", "Afbeeldingen", "Immagine", "Immagini", "Obrazki", "Imagens", "Görseller", "Изображения", "Billeder", "Obrázky", "Képek"),
    "parent": ("Parent", "Übergeordnetes Produkt", "Übergeordnet", "Superior", "Hoofd", "Genitore", "Element nadrzędny", "Pai", "Ascendente", "Parent SKU", "Överordnad", "Förälder", "Ebeveyn", "Родительский", "Hoved", "Overordnet", "Forælder", "Forelder", "Nadřazené", "Nadřazený", "Rodič", "Nadřazené SKU", "Hoved-SKU (Varenummer)", "Forelder-produktnr", "Szülő", "Szülő SKU"),
    "grouped products": ("Grouped products", "Gruppierte Produkte", "Groupes de produits", "Productos agrupados", "Gegroepeerde producten", "Produkty grupowe", "Prodotti raggruppati", "Grupperade produkter", "Gruplanmış ürünler", "Сгруппированные товары", "Grupperede varer", "Grupperte produkter", "Seskupené produkty", "Csoportosított termékek"),
    "permalink": ("Permalink", "Product URL"),
    "external url": ("External URL", "Externe URL", "URL externe", "URL externa", "URL esterno", "Zewnętrzny adres URL", "Extern URL", "Harici URL", "Внешний URL", "Ekstern URL (webadresse)", "Ekstern URL", "Ekstern nettadresse", "Externí URL", "Külső URL"),
    "attribute {n} name": ("Attribute {n} name", "Attribut {n} Name", "Nom de l'attribut {n}", "Nombre del atributo {n}", "Naam eigenschap {n}", "Attributo {n} nome", "Nome dell'attributo {n}", "Nazwa atrybutu {n}", "Atrybut {n} nazwa", "Nome do atributo {n}", "Attribut {n} namn", "Nitelik {n} ismi", "Имя атрибута {n}", "Egenskab {n} navn", "Attributt {n} navn", "Název {n} vlastnosti", "Tulajdonság neve {n}"),
    "attribute {n} values": ("Attribute {n} value(s)", "Attribut {n} Wert(e)", "Valeur(s) de l'attribut {n}", "Valor(es) del atributo {n}", "Waarde(n) eigenschap {n}", "Waarde eigenschap {n}", "Attributo {n} valore(i)", "Attributo {n} valuta(e)", "Valore dell'attributo {n}", "Wartości atrybutu {n}", "Atrybut {n} wartość(ci)", "Valores do atributo {n}", "Attribut {n} värde(n)", "Nitelik {n} değer(ler)i", "Значение(-я) аттрибута(-ов) {n}", "Значение(-я) атрибута(-ов) {n}", "Egenskab {n} værdi(er)", "Attributt {n} verdi(er)", "Hodnota(y) {n} vlastnosti", "Tulajdonság ({n}) értéke(i)"),
}  # fmt: skip

KEPT = (
    "Is featured?", "Ist hervorgehoben?", "Mis en avant ?", "¿Está destacado?", "Uitgelicht?", "In primo piano?", "Wyróżniony produkt?",
    "GTIN, UPC, EAN, or ISBN", "GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN ou ISBN", "GTIN, UPC, EAN o ISBN", "GTIN, UPC, EAN of ISBN",
    "Tax status", "Steuerstatus", "État de la TVA", "Estado del impuesto", "Btw status", "Status podatku",
    "Tax class", "Steuerklasse", "Classe de TVA", "Clase de impuesto", "Belastingklasse", "Aliquota di imposta", "Klasa podatkowa",
    "Low stock amount", "Geringe Lagermenge", "Montant de stock faible", "Cantidad de bajo inventario", "Lage voorraad", "Niski stan magazynowy",
    "Sold individually?", "Nur einzeln verkaufen?", "Vendre individuellement ?", "¿Vendido individualmente?", "Wordt individueel verkocht?", "Venduto singolarmente?", "Sprzedawany pojedynczo?",
    "Allow customer reviews?", "Kundenrezensionen erlauben?", "Kundenbewertungen erlauben?", "Autoriser les avis clients ?", "¿Permitir valoraciones de clientes?", "Klantbeoordelingen toestaan?", "Permetti le recensioni clienti?", "Włącz opinie klientów?",
    "Purchase note", "Hinweis zum Kauf", "Note de commande", "Nota de compra", "Aankoopnotitie", "Notatka do zakupu",
    "Tags", "Schlagwörter", "Étiquettes", "Etiquetas", "Tagi", "Brands", "Marken", "Marques", "Marcas",
    "Shipping class", "Versandklasse", "Classe d'expédition", "Clase de envío", "Verzendklasse", "Klasa wysyłkowa",
    "Download limit", "Downloadlimit", "Limite de téléchargement", "Límite de descargas", "Downloadlimiet", "Limit pobrań",
    "Download expiry days", "Ablauftage des Downloads", "Jours d'expiration du téléchargement", "Días de caducidad de la descarga", "Dagen vervaltijd download", "Ważność pobierania",
    "Upsells", "Zusatzverkäufe", "Produits suggérés", "Ventas dirigidas", 'Produkty "up-sell"',
    "Cross-sells", "Cross-Sells (Querverkäufe)", "Ventes croisées", "Ventas cruzadas", 'Produkty "Cross-sell"',
    "Button text", "Button-Text", "Libellé du bouton", "Texto del botón", "Knop tekst",
    "Position", "Posición", "Positie", "Posizione", "Pozycja",
    "Weight ({any})", "Gewicht ({any})", "Poids ({any})", "Peso ({any})", "Waga ({any})",
    "Length ({any})", "Länge ({any})", "Longueur ({any})", "Longitud ({any})", "Lengte ({any})", "Długość ({any})",
    "Width ({any})", "Breite ({any})", "Largeur ({any})", "Anchura ({any})", "Breedte ({any})", "Szerokość ({any})",
    "Height ({any})", "Höhe ({any})", "Hauteur ({any})", "Altura ({any})", "Hoogte ({any})", "Wysokość ({any})",
    "Manage stock?", "Sold individually", "Utvald?", "Öne çıkan?", "рекомендуемый?", "Momsstatus", "Momsgrupp", "Vergi durumu", "Vergi sınıfı", "Статус налога", "Налоговый класс",
    "Stato delle imposte", "Classe d'imposta", "Ancho ({any})", "Marca", "Marke", "Em destaque", "Em destaque?", "Status do imposto", "Classe de imposto", "Comprimento ({any})", "Largura ({any})", "Lunghezza ({any})", "Larghezza ({any})", "Altezza ({any})", "Vendido individualmente", "Permitir avaliações de clientes?", "Nota de compra?", "Classe de entrega",
    "Lågt lagerantal", "Düşük stok miktarı", "Säljes styckvis?", "Ayrı ayrı mı satılıyor?", "Продано индивидуально?", "Tillåt kundrecensioner?", "Müşteri değerlendirmelerine izin verilsin mi?", "Разрешить отзывы от клиентов?",
    "Köpmeddelande", "Satın alma notu", "Taggar", "Etiketler", "Метки", "Merken", "Markalar", "Fraktklass", "Gönderim sınıfı", "Merförsäljning", "Yukarı satışlar", "Korsförsäljning", "Çapraz satışlar", "Knapptext", "Düğme metni", "Konum", "Позиция",
    "Vikt ({any})", "Ağırlık ({any})", "Вес ({any})", "Längd ({any})", "Uzunluk ({any})", "Длина ({any})", "Bredd ({any})", "Genişlik ({any})", "Ширина ({any})", "Höjd ({any})", "Yükseklik ({any})", "Высота ({any})",
    "GTIN, UPC, EAN veya ISBN", "GTIN8", "GTIN12 / UPC", "GTIN13 / EAN", "GTIN14 / ITF-14", "ISBN", "MPN",
    "Atrybut {n}{any}", "Nitelik {n} {any}", "Видимость атрибута {n}", "Глобальный атрибут {n}", "Méta : {any}", "Pola: {any}", "Мета: {any}",
    "Er fremhævet (udvalgt)?", "Er fremhevet?", "Je doporučený?", "Kiemelt?", "Tillad kundeanmeldelser?", "Tillat omtaler?", "Povolit zákaznické recenze?", "Engedélyezzük az értékelést?", "Download udløbsdage", "Dager til utløpsdato for nedlastingen", "Expirace stahování ve dnech", "Letöltés lejárati napok",
    "Momsklasse", "Avgiftsstatus", "Avgiftsklasse", "Stav daně", "Daňová třída", "Adó állapot", "Adóosztály", "Lavt lagerantal", "Lav lagerbeholdning", "Nízký stav skladu", "Alacsony készlet", "Sælges individuelt?",
    "Selges individuelt?", "Prodáváno jednotlivě?", "Egyesével vásárolható?", "Købsbemærkning", "Kjøpsnotat", "Poznámka k nákupu", "Vásárlási megjegyzés", "Stikkord", "Štítky", "Címkék", "Brands (mærker)", "Merker",
    "Značky", "Márkák", "Forsendelsesklasse", "Třída dopravy", "Szállítási osztály", "Mersalg", "Oppsalg", "Krydssalg", "Kryssalg", "Knaptekst", "Knappetekst", "Text tlačítka",
    "Gomb szövege", "Posisjon", "Pozice", "Pozíció", "Vægt ({any})", "Vekt ({any})", "Hmotnost ({any})", "Tömeg ({any})", "Længde ({any})", "Lengde ({any})", "Délka ({any})", "Hosszúság ({any})",
    "Bredde ({any})", "Šířka ({any})", "Szélesség ({any})", "Højde ({any})", "Høyde ({any})", "Výška ({any})", "Magasság ({any})", "Egenskab {n} {any}", "Attributt {n} {any}", "Vlastnost {n} {any}", "Tulajdonság {n} {any}", "Tulajdonság ({n}) {any}",
    "Nedlasting {n} {any}", "Název {n} stahování", "URL {n} stahování", "Letöltés {n} {any}",
    "Attribute {n} {any}", "Attribut {n} {any}", "Atributo {any} {n}", "Attributo {n} {any}", "Zichtbare eigenschap {n}", "Globale eigenschap {n}", "Standaardeigenschap {n}",
    "Download {n} {any}", "Meta: {any}",
)  # fmt: skip
