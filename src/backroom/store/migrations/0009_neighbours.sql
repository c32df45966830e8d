-- Subscriptions to the stock of variants. The event of one is in its own row, so that there can be
-- only one. `event_id`, `delivered_at` and `quantity` are null until the stock rises above 0.
create table subscriptions (
    account text not null,
    subscription_id text not null,
    variant_number bigint not null,
    variant_id text not null,
    channels text not null,
    profile text not null,
    created_at text not null,
    delivered_at text,
    event_id text,
    quantity text,
    primary key (account, subscription_id)
);
create index subscriptions_waiting on subscriptions (account, variant_number)
    where delivered_at is null;
