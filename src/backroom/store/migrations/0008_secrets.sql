-- Secrets of the whole database: the servers on it share them, and make them when they first start.
create table secrets (
    name text not null,
    value text not null,
    primary key (name)
);
