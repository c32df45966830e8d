-- Bulk jobs. `errors` and `linkage` are JSON as on the wire; the operations wait in a table of
-- their own until they are applied, so that lists of jobs never read past them.

create table jobs (
    account text not null,
    job_id text not null,
    type text not null,
    status text not null,
    created_at text not null,
    expires_at text not null,
    completed_at text,
    total_count integer not null,
    completed_count integer not null,
    failed_count integer not null,
    errors text not null,
    linkage text not null,
    primary key (account, job_id)
);
create index jobs_by_type on jobs (account, type, job_id);
create index jobs_by_status on jobs (account, type, status, job_id);
create index jobs_in_progress on jobs (account, job_id) where completed_at is null;

create table job_operations (
    account text not null,
    job_id text not null,
    operations text not null,
    primary key (account, job_id)
);
