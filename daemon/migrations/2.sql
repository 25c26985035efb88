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
