-- Old revisions show on each resource the ids of those that it is related to. They are kept in its
-- row: to find them for each row of a page takes longer than to read the page. As in
-- `store/linkage.py`: the first hundred, in the order of creation, with a zero between them.

alter table items add column linkage blob;
update items as r set linkage = (
    select cast(string_agg(external_id, char(0)) as blob) from (
        select external_id from variants as held
        where held.account = r.account and held.item_number = r.number
        order by held.number limit 100
    ) as names
)
where exists (
    select 1 from variants as held
    where held.account = r.account and held.item_number = r.number
);

alter table variants add column linkage blob;
update variants as r set linkage = cast(item.external_id as blob)
from items as item
where item.account = r.account and item.number = r.item_number;

alter table categories add column linkage blob;
update categories as r set linkage = (
    select cast(string_agg(item_external_id, char(0)) as blob) from (
        select item_external_id from item_categories as held
        where held.account = r.account and held.category_number = r.number
        order by held.item_number limit 100
    ) as names
)
where exists (
    select 1 from item_categories as held
    where held.account = r.account and held.category_number = r.number
);

-- The same for the copies of catalogs.

alter table snapshot_items add column linkage blob;
update snapshot_items as r set linkage = (
    select cast(string_agg(external_id, char(0)) as blob) from (
        select external_id from snapshot_variants as held
        where held.snapshot_id = r.snapshot_id and held.account = r.account and held.item_number = r.number
        order by held.number limit 100
    ) as names
)
where exists (
    select 1 from snapshot_variants as held
    where held.snapshot_id = r.snapshot_id and held.account = r.account and held.item_number = r.number
);

alter table snapshot_variants add column linkage blob;
update snapshot_variants as r set linkage = cast(item.external_id as blob)
from snapshot_items as item
where item.snapshot_id = r.snapshot_id and item.account = r.account and item.number = r.item_number;

alter table snapshot_categories add column linkage blob;
update snapshot_categories as r set linkage = (
    select cast(string_agg(item_external_id, char(0)) as blob) from (
        select item_external_id from snapshot_item_categories as held
        where held.snapshot_id = r.snapshot_id and held.account = r.account and held.category_number = r.number
        order by held.item_number limit 100
    ) as names
)
where exists (
    select 1 from snapshot_item_categories as held
    where held.snapshot_id = r.snapshot_id and held.account = r.account and held.category_number = r.number
);
