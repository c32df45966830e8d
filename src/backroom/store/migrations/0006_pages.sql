-- Pages are written by the program, from columns as they are.

-- Whoever names a category's items finds their names where it finds their numbers. An external id
-- never changes: a resource of another name is another resource.
alter table item_categories add column item_external_id text not null default '';
update item_categories set item_external_id = items.external_id
from items
where items.account = item_categories.account and items.number = item_categories.item_number;

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
