-- The members of a job that change, as they follow each other on the wire. Not stored, for which the
-- table would have to be made anew: here it takes no longer to put them together.

alter table jobs add column progress text generated always as (
    format(
        '"status":"%s","created_at":"%s","total_count":%s,"completed_count":%s,"failed_count":%s,'
            || '"completed_at":%s',
        status, created_at, total_count, completed_count, failed_count,
        coalesce('"' || completed_at || '"', 'null')
    )
) virtual;
