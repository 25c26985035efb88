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

-- Kinds of writes, and whose contact one changes.
create table outbox_2 (
    tenant_id   integer not null references tenants,
    position    integer not null,          -- order of writing; kept per conversation (or contact) when sending
    id          text not null,             -- UUIDv7; afenda_id in content_attributes
    conversation_id integer not null,      -- 0: none, it changes a contact
    contact_id  integer,                   -- whom a contact's entry changes; else null
    kind        text not null check (kind in ('reply', 'note', 'labels', 'assignee', 'team', 'status', 'priority', 'attributes', 'read',
                    'unread', 'macro', 'contact')),
    payload     text not null,             -- JSON by kind; `was` is what it replaces, as it stood here
    user        text,                      -- who acts; null = the daemon
    approval_id text,                      -- the approval whose decision this writes back
    state       text not null check (state in ('queued', 'sending', 'held', 'failed', 'done', 'cancelled')),
    attempts    integer not null,
    unsure      integer not null,          -- 1: a try may have been carried out; look before sending again
    not_before_us integer not null,
    error       text,
    message_id  integer,                   -- Chatwoot's id, once known
    created_at_us integer not null,
    done_at_us  integer,
    primary key (tenant_id, position)
) strict, without rowid;

insert into outbox_2 (tenant_id, position, id, conversation_id, kind, payload, user, approval_id, state, attempts, unsure, not_before_us, error, message_id,
    created_at_us, done_at_us)
    select tenant_id, position, id, conversation_id, kind, payload, user, approval_id, state, attempts, unsure, not_before_us, error, message_id,
    created_at_us, done_at_us from outbox;
drop table outbox;
alter table outbox_2 rename to outbox;

create unique index outbox_by_id on outbox (tenant_id, id);
create index outbox_by_conversation on outbox (tenant_id, conversation_id, state, position);
create index outbox_by_state on outbox (tenant_id, state, position);
create index outbox_by_approval on outbox (tenant_id, approval_id) where approval_id is not null;

-- Ids for the wire, made here in the form of a UUIDv7: time, version, variant, random.
create table webhook_events_2 (
    tenant_id   integer not null references tenants,
    position    integer not null,
    id          text not null,
    event       text not null,
    delivery_id text,
    digest      text,
    body        text,
    received_at_us integer not null,
    state       text not null check (state in ('received', 'done', 'dead')),
    attempts    integer not null,
    due_at_us   integer not null,
    finished_at_us integer,
    error       text,
    primary key (tenant_id, position)
) strict, without rowid;

insert into webhook_events_2
    (tenant_id, position, id, event, delivery_id, digest, body, received_at_us, state, attempts, due_at_us, finished_at_us, error)
select tenant_id, position,
    substr(printf('%012x', received_at_us / 1000), 1, 8) || '-' || substr(printf('%012x', received_at_us / 1000), 9) || '-7'
        || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + abs(random() % 4), 1)
        || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))),
    coalesce(case when json_valid(body) then json_extract(body, '$.event') end, 'unknown'),
    delivery_id, null, case when state = 'done' then null else body end, received_at_us, state, attempts,
    case when state = 'received' then received_at_us else received_at_us + 2592000000000 end,
    case when state = 'received' then null else received_at_us end, error
from webhook_events;

drop table webhook_events;
alter table webhook_events_2 rename to webhook_events;

create unique index webhook_events_by_id on webhook_events (tenant_id, id);
create unique index webhook_events_by_delivery on webhook_events (tenant_id, delivery_id) where delivery_id is not null;
create unique index webhook_events_by_digest on webhook_events (tenant_id, digest) where digest is not null;
create index webhook_events_due on webhook_events (tenant_id, state, due_at_us);
-- New messages enter the full-text index by the statement that follows their insert, many in one step: by trigger each was a step of
-- its own. Updates and deletions still do by trigger.

drop trigger messages_fts_insert;
