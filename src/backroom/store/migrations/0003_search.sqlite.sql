-- What lists are filtered by. `search_text` is the title or name with its case folded. The `_grams`
-- tables are full-text indexes over every three letters of it, one word for each, with the account
-- before them and a filler behind, so that a search for one, two or more letters in one account is
-- a look-up. They hold no text themselves. `casefold` and `grams` are functions of this program.

alter table items add column search_text text not null default '';
update items set search_text = casefold(title);
create index items_by_published on items (account, published, number);
create virtual table items_grams using fts5 (
    grams, content = '', contentless_delete = 1, detail = none, prefix = '7 8',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Z* C*' separators ''"
);
insert into items_grams (rowid, grams) select number, grams(account, search_text) from items;

alter table variants add column search_text text not null default '';
update variants set search_text = casefold(title);
create index variants_by_published on variants (account, published, number);
create index variants_by_sku on variants (account, sku, number);
create virtual table variants_grams using fts5 (
    grams, content = '', contentless_delete = 1, detail = none, prefix = '7 8',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Z* C*' separators ''"
);
insert into variants_grams (rowid, grams) select number, grams(account, search_text) from variants;

alter table categories add column search_text text not null default '';
update categories set search_text = casefold(name);
create virtual table categories_grams using fts5 (
    grams, content = '', contentless_delete = 1, detail = none, prefix = '7 8',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Z* C*' separators ''"
);
insert into categories_grams (rowid, grams) select number, grams(account, search_text) from categories;

-- Categories that are gone while links to them are still being removed, little by little.
create table emptied_categories (
    account text not null,
    category_number bigint not null,
    primary key (account, category_number)
);
