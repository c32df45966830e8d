-- What the server is doing, over all accounts: the newest jobs, the oldest that waits, those with
-- failures, and what was applied lately. Each is read from an index, however many jobs there are.

create index jobs_newest on jobs (job_id, account);
create index jobs_oldest_in_progress on jobs (job_id, account) where completed_at is null;
create index jobs_failed on jobs (job_id, account) where failed_count > 0;
create index jobs_failed_of_account on jobs (account, job_id) where failed_count > 0;
create index jobs_cancelled on jobs (job_id, account) where status = 'cancelled';
create index jobs_completed on jobs (completed_at, total_count) where completed_at is not null;

-- The operations of a job stay for a while when it is complete, as they were sent. What a job that
-- shows its counts early has already applied stands beside them.
alter table job_operations add column applied text;
alter table snapshot_job_operations add column applied text;

-- The trace of the request that has made a job, as a `traceparent`, so that the trace of the worker
-- that applies it can be linked to it. Null where requests are not traced.
alter table job_operations add column trace text;
alter table snapshot_job_operations add column trace text;

-- Does what the function of the same name with four values does, which servers call that trace
-- nothing, and keeps the trace beside the operations.
create function accept_job(what text, job jobs, operations text, most integer, trace text)
returns text
language plpgsql as $$
declare
    accepted text;
begin
    accepted := accept_job(what, job, operations, most);
    update job_operations set trace = accept_job.trace
    where job_operations.account = job.account and job_operations.job_id = accepted;
    return accepted;
end
$$;

-- Webhooks: where to send what about the jobs of an account. `events` is JSON: a list of types.
create table webhooks (
    webhook_id text primary key,
    account text not null,
    url text not null,
    events text not null,
    secret text not null,
    created_at text not null
);
create index webhooks_of_account on webhooks (account, webhook_id);

-- One row for each event and webhook, written in the transaction that made the event. `due_at` is in
-- milliseconds since 1970; a process that sends a delivery moves it to when others may do so again.
-- `attempts` is JSON: a list of what came of each try.
create table webhook_deliveries (
    delivery_id text primary key,
    webhook_id text not null,
    event text not null,
    body text not null,
    created_at text not null,
    state text not null,
    due_at bigint not null,
    tries bigint not null,
    attempts text not null
);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at)
    where state = 'waiting';
create index webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, delivery_id);
create index webhook_deliveries_by_state on webhook_deliveries (state, due_at);
