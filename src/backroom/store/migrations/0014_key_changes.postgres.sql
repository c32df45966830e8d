-- How often what keys open has changed. A server that remembers what keys open asks for this number
-- instead of looking up each key again. Triggers count, so that no way to change a key is left out.
-- When a key was last used is not counted. The table has one row, which belongs to this database: it
-- is not moved to another.
create table key_changes (changes bigint not null);
insert into key_changes (changes) values (0);

create function count_key_change() returns trigger
language plpgsql as $$
begin
    update key_changes set changes = changes + 1;
    return null;
end
$$;
create trigger keys_changed
    after insert or update of account, key_id, hash, scopes, revoked_at or delete or truncate on keys
    for each statement execute function count_key_change();
