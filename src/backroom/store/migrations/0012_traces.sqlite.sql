-- The trace of the request that has made a job, as a `traceparent`, so that the trace of the worker
-- that applies it can be linked to it. Null where requests are not traced.
alter table job_operations add column trace text;
alter table snapshot_job_operations add column trace text;
