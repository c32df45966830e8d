-- Old revisions show on each resource the ids of those that it is related to. They are kept in its
-- row: to find them for each row of a page takes longer than to read the page. As in
-- `store/linkage.py`: the first hundred, in the order of creation, with a zero between them.

alter table items add column linkage blob;
update items set linkage = (
    select cast(string_agg(external_id, char(0)) as blob) from (
        select external_id from variants where variants.account = items.account
        and variants.item_number = items.number order by variants.number limit 100
    )
)
where exists (
    select 1 from variants
    where variants.account = items.account and variants.item_number = items.number
);

alter table variants add column linkage blob;
update variants set linkage = cast(items.external_id as blob)
from items
where items.account = variants.account and items.number = variants.item_number;

alter table categories add column linkage blob;
update categories set linkage = (
    select cast(string_agg(item_external_id, char(0)) as blob) from (
        select item_external_id from item_categories where item_categories.account = categories.account
        and category_number = categories.number order by item_number limit 100
    )
)
where exists (
    select 1 from item_categories
    where item_categories.account = categories.account and category_number = categories.number
);
