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
