-- Accounts, keys, and the catalog. Every key begins with the account, so that the whole can be
-- distributed or partitioned by it. Times are text as on the wire; members are text, never looked
-- into. `number` grows with creation: it is the order of pages and what links point to, so that a
-- row that was deleted and made again is another one.

create table accounts (
    account text not null,
    name text not null,
    created_at text not null,
    primary key (account)
);

create table keys (
    account text not null,
    key_id text not null,
    name text not null,
    hash text not null,
    hint text not null,
    scopes text not null,
    created_at text not null,
    revoked_at text,
    primary key (account, key_id)
);
create index keys_by_hash on keys (account, hash);

create table items (
    account text not null,
    number bigint not null,
    external_id text not null,
    title text not null,
    published integer not null,
    attributes text not null,
    primary key (account, number)
);
create unique index items_by_external_id on items (account, external_id);

create table variants (
    account text not null,
    number bigint not null,
    external_id text not null,
    title text not null,
    sku text not null,
    published integer not null,
    item_number bigint,
    attributes text not null,
    primary key (account, number)
);
create unique index variants_by_external_id on variants (account, external_id);
create index variants_by_item on variants (account, item_number, number);

create table categories (
    account text not null,
    number bigint not null,
    external_id text not null,
    name text not null,
    attributes text not null,
    primary key (account, number)
);
create unique index categories_by_external_id on categories (account, external_id);

create table item_categories (
    account text not null,
    category_number bigint not null,
    item_number bigint not null,
    primary key (account, category_number, item_number)
);
create index item_categories_by_item on item_categories (account, item_number, category_number);
