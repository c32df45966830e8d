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

-- What was sent to operations that are only accepted: the body, as it was sent.
create table kept_requests (
    account text not null,
    request_id text not null,
    operation text not null,
    revision text not null,
    body text not null,
    created_at text not null,
    primary key (account, request_id)
);

-- What such operations list: profiles, lists and metrics; and the shop of an account.
create table kept_resources (
    account text not null,
    type text not null,
    resource_id text not null,
    number bigint not null,
    attributes text not null,
    primary key (account, type, resource_id)
);
create unique index kept_resources_in_order on kept_resources (account, type, number);

-- The email, the phone number and the external id of a profile, none of which two profiles share.
create table profile_identifiers (
    account text not null,
    identifier text not null,
    resource_id text not null,
    primary key (account, identifier)
);

-- Their copies in snapshots.
create table snapshot_subscriptions (
    snapshot_id text not null,
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
    primary key (snapshot_id, account, subscription_id)
);

create table snapshot_kept_requests (
    snapshot_id text not null,
    account text not null,
    request_id text not null,
    operation text not null,
    revision text not null,
    body text not null,
    created_at text not null,
    primary key (snapshot_id, account, request_id)
);

create table snapshot_kept_resources (
    snapshot_id text not null,
    account text not null,
    type text not null,
    resource_id text not null,
    number bigint not null,
    attributes text not null,
    primary key (snapshot_id, account, type, resource_id)
);

create table snapshot_profile_identifiers (
    snapshot_id text not null,
    account text not null,
    identifier text not null,
    resource_id text not null,
    primary key (snapshot_id, account, identifier)
);
