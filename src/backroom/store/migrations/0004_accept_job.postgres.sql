-- All that it takes to accept a job, in one call instead of one after the other.

-- Stores a job and the operations that wait in it, and gives its id: one after the latest of its
-- account, where that is beyond its own. Where `most` jobs of the account are in progress, nothing
-- is stored, and null given. `what` is the lock under which the account's jobs are stored.
create function accept_job(what text, job jobs, operations text, most integer) returns text
language plpgsql as $$
declare
    latest text;
    changing text;
begin
    -- Each statement sees what was committed before it began: what is read comes after the lock.
    perform pg_advisory_xact_lock(hashtextextended(what, 0));
    if most <= (select count(*) from jobs where account = job.account and completed_at is null) then
        return null;
    end if;
    select job_id into latest from jobs where account = job.account order by job_id desc limit 1;
    if latest >= job.job_id then
        -- The first letters grow by one: the last that can does, and 0 stands behind it. The others
        -- stay its own, so that it is not the next that another process gives.
        changing := rtrim(left(latest, 18), 'Z');
        job.job_id := left(changing, -1)
            || translate(
                right(changing, 1),
                '0123456789ABCDEFGHJKMNPQRSTVWXY',
                '123456789ABCDEFGHJKMNPQRSTVWXYZ'
            )
            || repeat('0', 18 - length(changing))
            || right(job.job_id, -18);
    end if;
    insert into jobs select job.*;
    insert into job_operations (account, job_id, operations)
    values (job.account, job.job_id, accept_job.operations);
    return job.job_id;
end
$$;
