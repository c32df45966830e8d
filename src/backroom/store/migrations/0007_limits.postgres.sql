-- How many times a job could not be applied by a fault of the server, so that one that never can be
-- ends at last.
alter table job_operations add column tries integer not null default 0;

-- An index takes some 2,700 bytes of a value, and refuses the row where there are more. Earlier
-- versions, and SQLite, have stored longer ones, which a move brings here: the index has their
-- beginning. Whoever looks a SKU up compares the beginning, and then the whole.
drop index variants_by_sku;
create index variants_by_sku on variants (account, substr(sku, 1, 255), number);
