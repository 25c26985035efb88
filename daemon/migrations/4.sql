-- 3 -> 4: what stands over an e-mail, and the address of an e-mail inbox; who takes part in a conversation, as it was read, for when
-- Chatwoot is away; notes about contacts; message templates of WhatsApp inboxes. Beginning a conversation and writing such a note are writes too.

alter table messages add column mail text;
alter table inboxes add column email text;

create table participants (
    tenant_id   integer not null,
    conversation_id integer not null,
    agents      text not null,             -- JSON list of {id, name}, without what waits in the outbox
    read_at_us  integer not null,          -- our clock when Chatwoot was asked
    changed_at_us integer not null default 0, -- our clock when a change of ours was carried out: a read asked for before that shows less
    primary key (tenant_id, conversation_id),
    foreign key (tenant_id, conversation_id) references conversations (tenant_id, id) on delete cascade
) strict, without rowid;

create index participants_by_age on participants (tenant_id, read_at_us);

alter table contacts add column notes_read_at_us integer;

create table contact_notes (
    tenant_id   integer not null references tenants,
    contact_id  integer not null,
    id          integer not null,          -- Chatwoot's id
    content     text not null,
    author_id   integer,                   -- null: an agent who is gone
    author_name text,
    created_at_us integer not null,
    primary key (tenant_id, contact_id, id)
) strict, without rowid;

create table outbox_2 (
    tenant_id   integer not null references tenants,
    position    integer not null,          -- order of writing; kept per conversation (or contact) when sending
    id          text not null,             -- UUIDv7; afenda_id in content_attributes
    conversation_id integer not null,      -- 0: none, it changes a contact, or begins one
    contact_id  integer,                   -- whom a contact's entry changes, or begins a conversation with; else null
    kind        text not null check (kind in ('reply', 'note', 'labels', 'assignee', 'team', 'status', 'priority', 'attributes', 'read',
                    'unread', 'macro', 'mute', 'participants', 'delete', 'contact', 'contact_note', 'conversation')),
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

insert into outbox_2 (tenant_id, position, id, conversation_id, contact_id, kind, payload, user, approval_id, state, attempts, unsure, not_before_us, error, message_id,
    created_at_us, done_at_us)
    select tenant_id, position, id, conversation_id, contact_id, kind, payload, user, approval_id, state, attempts, unsure, not_before_us, error, message_id,
    created_at_us, done_at_us from outbox;
drop table outbox;
alter table outbox_2 rename to outbox;

create unique index outbox_by_id on outbox (tenant_id, id);
create index outbox_by_conversation on outbox (tenant_id, conversation_id, state, position);
create index outbox_by_state on outbox (tenant_id, state, position);
create index outbox_by_approval on outbox (tenant_id, approval_id) where approval_id is not null;

create table message_templates (
    tenant_id   integer not null references tenants,
    inbox_id    integer not null,
    name        text not null,
    language    text not null,
    category    text not null,             -- WhatsApp's word, such as 'UTILITY'
    namespace   text,                      -- of the business, where the provider has it
    header      text,
    body        text not null,             -- with {{1}} or {{name}} where values go
    footer      text,
    buttons     text not null,             -- JSON list: what each says
    unusable    text,                      -- why it cannot be sent; null: it can
    primary key (tenant_id, inbox_id, name, language)
) strict, without rowid;
