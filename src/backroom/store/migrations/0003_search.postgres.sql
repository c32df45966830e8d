-- What lists are filtered by. `search_text` is the title or name with its case folded. The `_grams`
-- tables have a word for every three letters of it, with the account before them and a filler
-- behind, so that a search for one, two or more letters in one account is a look-up.

alter table items add column search_text text not null default '';
create index items_by_published on items (account, published, number);
create table items_grams (
    account text not null,
    number bigint not null,
    grams tsvector not null,
    primary key (account, number)
);
create index items_by_grams on items_grams using gin (grams);

alter table variants add column search_text text not null default '';
create index variants_by_published on variants (account, published, number);
create index variants_by_sku on variants (account, sku, number);
create table variants_grams (
    account text not null,
    number bigint not null,
    grams tsvector not null,
    primary key (account, number)
);
create index variants_by_grams on variants_grams using gin (grams);

alter table categories add column search_text text not null default '';
create table categories_grams (
    account text not null,
    number bigint not null,
    grams tsvector not null,
    primary key (account, number)
);
create index categories_by_grams on categories_grams using gin (grams);

-- Categories that are gone while links to them are still being removed, little by little.
create table emptied_categories (
    account text not null,
    category_number bigint not null,
    primary key (account, category_number)
);
