-- Copies of catalogs with their jobs, by name. Each table has the columns of the one that it copies,
-- after the snapshot that a row belongs to. `account` of a snapshot is `*` where it has all accounts.
create table snapshots (
    snapshot_id text not null,
    account text not null,
    name text not null,
    created_at text not null,
    primary key (snapshot_id)
);
create unique index snapshots_by_name on snapshots (account, name);

create table snapshot_items (
    snapshot_id text not null,
    account text not null,
    number bigint not null,
    title text not null,
    external_id text not null,
    published integer not null,
    search_text text not null,
    attributes text not null,
    nulls integer not null,
    primary key (snapshot_id, account, number)
);
create index snapshot_items_by_number on snapshot_items (account, number);

create table snapshot_variants (
    snapshot_id text not null,
    account text not null,
    number bigint not null,
    title text not null,
    sku text not null,
    item_number bigint,
    external_id text not null,
    published integer not null,
    search_text text not null,
    attributes text not null,
    nulls integer not null,
    primary key (snapshot_id, account, number)
);
create index snapshot_variants_by_number on snapshot_variants (account, number);

create table snapshot_categories (
    snapshot_id text not null,
    account text not null,
    number bigint not null,
    name text not null,
    external_id text not null,
    search_text text not null,
    attributes text not null,
    nulls integer not null,
    primary key (snapshot_id, account, number)
);
create index snapshot_categories_by_number on snapshot_categories (account, number);

create table snapshot_item_categories (
    snapshot_id text not null,
    account text not null,
    category_number bigint not null,
    item_number bigint not null,
    item_external_id text not null,
    primary key (snapshot_id, account, category_number, item_number)
);

create table snapshot_emptied_categories (
    snapshot_id text not null,
    account text not null,
    category_number bigint not null,
    primary key (snapshot_id, account, category_number)
);

create table snapshot_jobs (
    snapshot_id text not null,
    account text not null,
    job_id text not null,
    type text not null,
    status text not null,
    created_at text not null,
    expires_at text not null,
    completed_at text,
    total_count integer not null,
    completed_count integer not null,
    failed_count integer not null,
    errors text not null,
    linkage text not null,
    primary key (snapshot_id, account, job_id)
);

create table snapshot_job_operations (
    snapshot_id text not null,
    account text not null,
    job_id text not null,
    operations text not null,
    tries integer not null,
    primary key (snapshot_id, account, job_id)
);
