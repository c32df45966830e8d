"""The headings of WooCommerce's product CSV, which it writes in the language of the shop.

The English ones come first. The others are those of German, French, Spanish, Dutch, Italian, Polish
and Portuguese shops. A unit in brackets, such as `(kg)`, may be any.
"""

from __future__ import annotations

HEADINGS: dict[str, tuple[str, ...]] = {
    "id": ("ID",),
    "type": ("Type", "Typ", "Tipo"),
    "sku": ("SKU", "Artikelnummer", "UGS", "Référence", "REF"),
    "name": ("Name", "Nom", "Nombre", "Naam", "Nome", "Nazwa"),
    "published": ("Published", "Veröffentlicht", "Publié", "Publicado", "Gepubliceerd", "Pubblicato", "Opublikowano"),
    "visibility": ("Visibility in catalog", "Visibility in catalogue", "Sichtbarkeit im Katalog", "Visibilité dans le catalogue", "Visibilidad en el catálogo", "Zichtbaarheid in catalogus", "Visibilità nel catalogo", "Widoczność w katalogu", "Visibilidade no catálogo"),
    "short description": ("Short description", "Kurzbeschreibung", "Description courte", "Descripción corta", "Korte omschrijving", "Korte beschrijving", "Breve descrizione", "Krótki opis", "Descrição curta"),
    "description": ("Description", "Beschreibung", "Descripción", "Beschrijving", "Descrizione", "Opis", "Descrição"),
    "sale starts": ("Date sale price starts", "Datum, an dem Angebotspreis beginnt", "Date de début de promo", "Día en que empieza el precio rebajado", "Startdatum actieprijs", "Data di inizio del prezzo in offerta", "Data rozpoczęcia promocji", "Data de preço promocional começa em"),
    "sale ends": ("Date sale price ends", "Datum, an dem Angebotspreis endet", "Date de fin de promo", "Día en que termina el precio rebajado", "Einddatum actieprijs", "Data di fine del prezzo in offerta", "Data zakończenia promocji", "Data de preço promocional termina em"),
    "in stock": ("In stock?", "Vorrätig?", "Auf Lager?", "En stock ?", "En stock?", "En inventaire?", "¿Existencias?", "¿En inventario?", "Op voorraad?", "In magazzino?", "W magazynie?", "Em estoque?", "Em estoque", "Em stock?"),
    "stock": ("Stock", "Lager", "Lagerbestand", "Bestand", "Inventaire", "Inventario", "Voorraad", "Magazzino", "Stan magazynowy", "Estoque"),
    "backorders": ("Backorders allowed?", "Lieferrückstände erlaubt?", "Lieferrückstande erlaubt?", "Autoriser les commandes de produits en rupture ?", "¿Permitir reservas de productos agotados?", "¿Permitir pedidos pendientes?", "Nabestellingen toestaan?", "Abilita gli ordini arretrati?", "Pozwalać na zamówienia oczekujące (na dostawę do magazynu)?", "São permitidas encomendas?", "São permitidas encomendas"),
    "sale price": ("Sale price", "Angebotspreis", "Tarif promo", "Precio rebajado", "Actieprijs", "Prezzo in offerta", "Cena promocyjna", "Preço promocional"),
    "regular price": ("Regular price", "Regulärer Preis", "Normalpreis", "Tarif régulier", "Precio normal", "Reguliere prijs", "Prezzo di listino", "Cena", "Preço normal", "Preço"),
    "categories": ("Categories", "Kategorien", "Catégories", "Categorías", "Categorieën", "Categorie", "Kategorie", "Categorias"),
    "images": ("Images", "Bilder", "Imágenes", "Afbeeldingen", "Immagine", "Immagini", "Obrazki", "Imagens"),
    "parent": ("Parent", "Übergeordnetes Produkt", "Übergeordnet", "Superior", "Hoofd", "Genitore", "Element nadrzędny", "Pai", "Ascendente"),
    "external url": ("External URL", "Externe URL", "URL externe", "URL externa", "URL esterno", "Zewnętrzny adres URL"),
    "attribute {n} name": ("Attribute {n} name", "Attribut {n} Name", "Nom de l'attribut {n}", "Nombre del atributo {n}", "Naam eigenschap {n}", "Attributo {n} nome", "Nome dell'attributo {n}", "Nazwa atrybutu {n}", "Atrybut {n} nazwa", "Nome do atributo {n}"),
    "attribute {n} values": ("Attribute {n} value(s)", "Attribut {n} Wert(e)", "Valeur(s) de l'attribut {n}", "Valor(es) del atributo {n}", "Waarde(n) eigenschap {n}", "Waarde eigenschap {n}", "Attributo {n} valore(i)", "Attributo {n} valuta(e)", "Valore dell'attributo {n}", "Wartości atrybutu {n}", "Atrybut {n} wartość(ci)", "Valores do atributo {n}"),
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
    "Tags", "Schlagwörter", "Étiquettes", "Etiquetas", "Tagi", "Brands", "Marken", "Marques", "Marcas", "Merken",
    "Shipping class", "Versandklasse", "Classe d'expédition", "Clase de envío", "Verzendklasse", "Klasa wysyłkowa",
    "Download limit", "Downloadlimit", "Limite de téléchargement", "Límite de descargas", "Downloadlimiet", "Limit pobrań",
    "Download expiry days", "Ablauftage des Downloads", "Jours d'expiration du téléchargement", "Días de caducidad de la descarga", "Dagen vervaltijd download", "Ważność pobierania",
    "Grouped products", "Gruppierte Produkte", "Groupes de produits", "Productos agrupados", "Gegroepeerde producten", "Produkty grupowe",
    "Upsells", "Zusatzverkäufe", "Produits suggérés", "Ventas dirigidas", 'Produkty "up-sell"',
    "Cross-sells", "Cross-Sells (Querverkäufe)", "Ventes croisées", "Ventas cruzadas", 'Produkty "Cross-sell"',
    "Button text", "Button-Text", "Libellé du bouton", "Texto del botón", "Knop tekst",
    "Position", "Posición", "Positie", "Posizione", "Pozycja",
    "Weight ({any})", "Gewicht ({any})", "Poids ({any})", "Peso ({any})", "Waga ({any})",
    "Length ({any})", "Länge ({any})", "Longueur ({any})", "Longitud ({any})", "Lengte ({any})", "Długość ({any})",
    "Width ({any})", "Breite ({any})", "Largeur ({any})", "Anchura ({any})", "Breedte ({any})", "Szerokość ({any})",
    "Height ({any})", "Höhe ({any})", "Hauteur ({any})", "Altura ({any})", "Hoogte ({any})", "Wysokość ({any})",
    "Attribute {n} {any}", "Attribut {n} {any}", "Atributo {any} {n}", "Attributo {n} {any}", "Zichtbare eigenschap {n}", "Globale eigenschap {n}", "Standaardeigenschap {n}",
    "Download {n} {any}", "Meta: {any}",
)  # fmt: skip
