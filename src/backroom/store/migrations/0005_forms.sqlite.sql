-- What makes it faster to write rows into forms.

-- Records whose names JSON or a URL writes in another way fit no form, and a page must know whether
-- it has one.

create index items_awkward on items (account, number)
    where external_id glob '*[^A-Za-z0-9._~-]*';
create index variants_awkward on variants (account, number)
    where external_id glob '*[^A-Za-z0-9._~-]*';
create index categories_awkward on categories (account, number)
    where external_id glob '*[^A-Za-z0-9._~-]*';

-- `progress` has the members of a job that change, as they follow each other on the wire. A column
-- that is stored can't be added to a table: the jobs move to another.

create table jobs_with_progress (
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
    progress text generated always as (
        format(
            '"status":"%s","created_at":"%s","total_count":%s,"completed_count":%s,'
                || '"failed_count":%s,"completed_at":%s',
            status, created_at, total_count, completed_count, failed_count,
            coalesce('"' || completed_at || '"', 'null')
        )
    ) stored,
    primary key (account, job_id)
);
insert into jobs_with_progress (
    account, job_id, type, status, created_at, expires_at, completed_at,
    total_count, completed_count, failed_count, errors, linkage
)
select
    account, job_id, type, status, created_at, expires_at, completed_at,
    total_count, completed_count, failed_count, errors, linkage
from jobs;
drop table jobs;
alter table jobs_with_progress rename to jobs;
create index jobs_by_type on jobs (account, type, job_id);
create index jobs_by_status on jobs (account, type, status, job_id);
create index jobs_in_progress on jobs (account, job_id) where completed_at is null;
