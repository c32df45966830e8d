-- How many times a job could not be applied by a fault of the server, so that one that never can be
-- ends at last. (The other engine also learns here to index long texts.)
alter table job_operations add column tries integer not null default 0;
