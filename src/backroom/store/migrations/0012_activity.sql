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
