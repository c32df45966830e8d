-- What has come of each file that was imported: `report` is JSON, with the rows that failed as far
-- as they can be corrected and sent again. The newest of each account are kept.
create table imports (
    account text not null,
    import_id text not null,
    name text not null,
    created_at text not null,
    failed bigint not null,
    report text not null,
    primary key (account, import_id)
);
create index imports_failed on imports (import_id, account) where failed > 0;

-- The single calls that have changed a resource, written some at a time, soon after the change.
-- `given` is JSON: what the call gave. Jobs are not among them: they have tables of their own.
create table call_touches (
    account text not null,
    kind text not null,
    external_id text not null,
    touch_id text not null,
    operation text not null,
    revision text not null,
    request_id text not null,
    touched_at text not null,
    given text not null,
    primary key (account, kind, external_id, touch_id)
);
create index call_touches_in_order on call_touches (touch_id);

-- When a key was used last, to the minute. Null for one that was not used since it is noted.
alter table keys add column last_used_at text;
