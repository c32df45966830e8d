-- How often what keys open has changed. A server that remembers what keys open asks for this number
-- instead of looking up each key again. Triggers count, so that no way to change a key is left out.
-- When a key was last used is not counted. The table has one row, which belongs to this database: it
-- is not moved to another.
create table key_changes (changes bigint not null);
insert into key_changes (changes) values (0);

create trigger keys_added after insert on keys
begin
    update key_changes set changes = changes + 1;
end;
create trigger keys_changed after update of account, key_id, hash, scopes, revoked_at on keys
begin
    update key_changes set changes = changes + 1;
end;
create trigger keys_removed after delete on keys
begin
    update key_changes set changes = changes + 1;
end;
