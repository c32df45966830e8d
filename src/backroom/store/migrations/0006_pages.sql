-- Pages are written by the program, from the columns as they are.

-- An item's page names its variants: their names stand in the index by item.
drop index variants_by_item;
create index variants_by_item on variants (account, item_number, number, external_id);

-- The program looks at the names of a page itself, and writes the members of a job.
drop index items_awkward;
drop index variants_awkward;
drop index categories_awkward;
alter table jobs drop column progress;
