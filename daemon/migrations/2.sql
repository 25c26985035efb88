-- 1 -> 2: more of what Chatwoot says. A table whose checks change is made anew under another name, filled, and renamed; the others get columns.

alter table contacts add column additional_attributes text not null default '{}';
alter table contacts add column custom_attributes text not null default '{}';
alter table contacts add column last_activity_at_us integer;
alter table contacts add column created_at_us integer;
alter table contacts add column heard_at_us integer not null default 0;

alter table conversations add column additional_attributes text not null default '{}';
alter table conversations add column custom_attributes text not null default '{}';
alter table conversations add column agent_last_seen_at_us integer;
alter table conversations add column first_reply_created_at_us integer;
alter table conversations add column messages_read_at_us integer not null default 0;

alter table messages add column read_at_us integer not null default 0;

create table canned_responses (
    tenant_id   integer not null references tenants,
    id          integer not null,
    short_code  text not null,             -- unique in Chatwoot by exact case
    content     text not null,             -- Liquid and Markdown as written
    primary key (tenant_id, id)
) strict, without rowid;

create table custom_attribute_definitions (
    tenant_id   integer not null references tenants,
    id          integer not null,
    model       text not null,             -- 'conversation_attribute', 'contact_attribute', …
    key         text not null,
    display_name text not null,
    display_type text not null,            -- text, number, currency, percent, link, date, list, checkbox
    choices     text not null,             -- JSON list, of a list
    primary key (tenant_id, id)
) strict, without rowid;

create table csat_responses (
    tenant_id   integer not null references tenants,
    id          integer not null,
    conversation_id integer not null,
    message_id  integer,
    contact_id  integer,
    agent_id    integer,                   -- who had the conversation
    rating      integer not null check (rating between 1 and 5),
    feedback    text,
    created_at_us integer not null,
    primary key (tenant_id, id)
) strict, without rowid;

create table personal (
    tenant_id   integer not null references tenants,
    agent_id    integer not null,          -- Chatwoot's user id
    kind        text not null check (kind in ('notification', 'mention', 'custom_filter', 'macro')),
    id          integer not null,          -- Chatwoot's; of a mention the conversation's
    body        text not null,             -- JSON as on the wire
    primary key (tenant_id, agent_id, kind, id)
) strict, without rowid;

create index csat_responses_by_conversation on csat_responses (tenant_id, conversation_id);
