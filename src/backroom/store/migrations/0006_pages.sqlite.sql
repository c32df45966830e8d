-- Pages are written by the program, from columns as they are.

-- Whoever names an item's variants or a category's items finds their names where it finds their
-- numbers. An external id never changes: a resource of another name is another resource.
drop index variants_by_item;
create index variants_by_item on variants (account, item_number, number, external_id);

create table named_item_categories (
    account text not null,
    category_number bigint not null,
    item_number bigint not null,
    item_external_id text not null,
    primary key (account, category_number, item_number)
) without rowid;
insert into named_item_categories (account, category_number, item_number, item_external_id)
select account, category_number, item_number, items.external_id
from item_categories join items using (account)
where items.number = item_number;
drop table item_categories;
alter table named_item_categories rename to item_categories;
create index item_categories_by_item on item_categories (account, item_number, category_number);

-- The program looks at the names of a page itself, and writes the members of a job.
drop index items_awkward;
drop index variants_awkward;
drop index categories_awkward;
alter table jobs drop column progress;

-- Whether an attribute is null: before nulls were allowed, pages leave such an attribute out. A null
-- within an object looks alike here, which costs no more than another look.
alter table items add column nulls integer not null default 0;
update items set nulls = 1 where attributes like '%":null%';
alter table variants add column nulls integer not null default 0;
update variants set nulls = 1 where attributes like '%":null%';
alter table categories add column nulls integer not null default 0;
