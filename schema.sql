-- afenda's whole database, in reading order. Times are Unix microseconds, UTC (`_us`), the resolution of Chatwoot's own clocks.
-- A file from a newer afenda is refused. `daemon/src/store/migrate.rs` brings an older one to this state; a test proves both ways end here.

-- Who there is -------------------------------------------------------------------------------------------------------------

create table tenants (
    tenant_id   integer primary key,       -- ours alone; never leaves the store
    id          text not null unique,      -- UUIDv7, the id on the wire
    slug        text not null unique,      -- as in the config and X-Afenda-Tenant
    name        text not null,
    hook        text not null unique,      -- opaque id of the webhook receiver: it chooses the tenant
    -- Which account the rows came from; a daemon pointed at another account by mistake must not mix the two.
    source      text,                      -- 'URL#account', null until the first contact
    created_at_us integer not null
) strict;

create table tokens (
    hash        text primary key,          -- SHA-256 of the token, hex
    user        text not null,             -- the user's name in the config, or 'owner'
    created_at_us integer not null
) strict, without rowid;

create table user_settings (
    user        text primary key,
    tenant      text not null              -- slug of the default tenant
) strict, without rowid;

-- What Chatwoot says ---------------------------------------------------------------------------------------------------------

create table agents (
    tenant_id   integer not null references tenants,
    id          integer not null,          -- Chatwoot's user id
    name        text not null,
    email       text,
    primary key (tenant_id, id)
) strict, without rowid;

create table inboxes (
    tenant_id   integer not null references tenants,
    id          integer not null,
    name        text not null,
    channel     text not null,             -- without 'Channel::'
    email       text,                      -- the address of an e-mail inbox
    primary key (tenant_id, id)
) strict, without rowid;

-- Texts that WhatsApp approved, to be sent outside of the reply window; read and replaced with the inboxes.
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

create table teams (
    tenant_id   integer not null references tenants,
    id          integer not null,
    name        text not null,
    primary key (tenant_id, id)
) strict, without rowid;

create table labels (
    tenant_id   integer not null references tenants,
    title       text not null,
    color       text not null,
    description text,
    primary key (tenant_id, title)
) strict, without rowid;

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
    regex_pattern text,                    -- what a text must match; null: anything
    regex_cue   text,                      -- what to say when it does not
    primary key (tenant_id, id)
) strict, without rowid;

create table contacts (
    tenant_id   integer not null references tenants,
    id          integer not null,
    name        text not null,
    email       text,
    phone_number text,
    identifier  text,
    blocked     integer not null,
    additional_attributes text not null default '{}', -- JSON: Chatwoot's own keys, such as city and company_name
    custom_attributes text not null default '{}',     -- JSON: the account's keys
    last_activity_at_us integer,           -- null: never, or not said
    created_at_us integer,
    heard_at_us integer not null default 0, -- our clock when it was last read
    notes_read_at_us integer,              -- our clock when its notes were last asked for; null: never
    primary key (tenant_id, id)
) strict, without rowid;

-- Notes about a contact as Chatwoot said them when somebody looked: nothing tells of them. The newest of each contact.
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

create table conversations (
    tenant_id   integer not null references tenants,
    id          integer not null,          -- Chatwoot's display id
    status      text not null check (status in ('open', 'resolved', 'pending', 'snoozed')),
    priority    text check (priority in ('low', 'medium', 'high', 'urgent')),
    inbox_id    integer not null,
    contact_id  integer not null,
    assignee_id integer,                   -- an agent; a bot is not kept here
    assignee_name text,                    -- as the payload named them: agents may be gone from the list
    team_id     integer,
    unread_count integer not null,
    can_reply   integer not null,
    waiting_since_us integer,
    snoozed_until_us integer,
    created_at_us integer not null,
    last_activity_at_us integer not null,
    updated_at_us integer not null,        -- Chatwoot's clock for this row: an older payload changes nothing
    heard_at_us integer not null,          -- our clock when it was last heard
    additional_attributes text not null default '{}', -- JSON: Chatwoot's own keys, such as mail_subject
    custom_attributes text not null default '{}',     -- JSON: the account's keys
    agent_last_seen_at_us integer,         -- null: never
    first_reply_created_at_us integer,
    messages_read_at_us integer not null default 0, -- our clock when its newest messages were last read
    primary key (tenant_id, id)
) strict, without rowid;

create index conversations_by_activity on conversations (tenant_id, status, last_activity_at_us desc, id desc);
create index conversations_by_assignee on conversations (tenant_id, assignee_id, status);
create index conversations_by_contact on conversations (tenant_id, contact_id);

create table conversation_labels (
    tenant_id   integer not null,
    conversation_id integer not null,
    title       text not null,
    primary key (tenant_id, conversation_id, title),
    foreign key (tenant_id, conversation_id) references conversations (tenant_id, id) on delete cascade
) strict, without rowid;

create index conversation_labels_by_title on conversation_labels (tenant_id, title);

create table messages (
    row         integer primary key,       -- what the full-text index points at
    tenant_id   integer not null,
    id          integer not null,          -- Chatwoot's id
    conversation_id integer not null,
    message_type text not null check (message_type in ('incoming', 'outgoing', 'activity', 'template')),
    private     integer not null,
    content     text,
    content_type text not null,
    state       text not null check (state in ('sent', 'delivered', 'read', 'failed')),
    error       text,
    sender_kind text check (sender_kind in ('contact', 'user', 'bot')),
    sender_id   integer,
    sender_name text,
    attachments text not null,             -- JSON as on the wire
    deleted     integer not null,
    in_reply_to integer,
    mail        text,                      -- JSON: from, to, cc, bcc and subject of an e-mail; null: it is none
    afenda_id   text,                      -- the outbox entry it came from, as content_attributes carry it
    created_at_us integer not null,
    updated_at_us integer,                 -- Chatwoot's clock; null where the payload had none
    read_at_us  integer not null default 0, -- Chatwoot's clock when the newest read it shows was asked for; 0: only heard of
    unique (tenant_id, conversation_id, id),
    foreign key (tenant_id, conversation_id) references conversations (tenant_id, id) on delete cascade
) strict;

create unique index messages_by_id on messages (tenant_id, id);
create index messages_by_afenda_id on messages (tenant_id, afenda_id) where afenda_id is not null;

-- Ratings by customers.
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

create index csat_responses_by_conversation on csat_responses (tenant_id, conversation_id);

-- Who takes part in a conversation, as it was read when somebody looked last: no event tells of it.
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

-- What one agent alone may see, read with that agent's own token.
create table personal (
    tenant_id   integer not null references tenants,
    agent_id    integer not null,          -- Chatwoot's user id
    kind        text not null check (kind in ('notification', 'mention', 'custom_filter', 'macro')),
    id          integer not null,          -- Chatwoot's; of a mention the conversation's
    body        text not null,             -- JSON as on the wire
    primary key (tenant_id, agent_id, kind, id)
) strict, without rowid;

-- Search. The index keeps no text of its own. What is inserted into `messages` is put into it in the same commit, many rows in one step
-- (`store::apply::message`); triggers do the rest.
create virtual table messages_fts using fts5 (content, content='messages', content_rowid='row', tokenize='unicode61 remove_diacritics 2');

create trigger messages_fts_delete after delete on messages begin
    insert into messages_fts (messages_fts, rowid, content) values ('delete', old.row, old.content);
end;
create trigger messages_fts_update after update of content on messages begin
    insert into messages_fts (messages_fts, rowid, content) values ('delete', old.row, old.content);
    insert into messages_fts (rowid, content) values (new.row, new.content);
end;

-- Things that are gone from Chatwoot for good: a late payload must not bring them back.
create table tombstones (
    tenant_id   integer not null references tenants,
    kind        text not null check (kind in ('conversation', 'contact')),
    id          integer not null,
    at_us       integer not null,
    primary key (tenant_id, kind, id)
) strict, without rowid;

-- How the copying stands -----------------------------------------------------------------------------------------------------

-- Objects that a hint said to read again: payloads without a clock, and things we have never seen whole.
create table rereads (
    tenant_id   integer not null references tenants,
    kind        text not null check (kind in ('conversation', 'message', 'contact', 'directory')),
    id          integer not null,
    conversation_id integer not null,      -- of a message; else 0
    attempts    integer not null,
    not_before_us integer not null,
    primary key (tenant_id, kind, id, conversation_id)
) strict, without rowid;

create table cursors (
    tenant_id   integer not null references tenants,
    name        text not null,             -- which walk, or which list of somebody's own was read (`personal/AGENT/KIND`)
    value       text not null,             -- JSON
    primary key (tenant_id, name)
) strict, without rowid;

-- Webhooks as they arrived. A body holds customers' words: it goes when the event is done, and with the dead letter after 30 days.
create table webhook_events (
    tenant_id   integer not null references tenants,
    position    integer not null,          -- order of arrival
    id          text not null,             -- UUIDv7; what the API calls it
    event       text not null,             -- Chatwoot's name of it, such as message_created
    delivery_id text,                      -- Chatwoot's X-Chatwoot-Delivery (4.12+); the same one again is the same event
    digest      text,                      -- SHA-256 of the signature, unsigned of the body, hex; null before schema 2
    body        text,                      -- JSON, secrets taken out; null once done, and where too many waited to keep it
    received_at_us integer not null,
    state       text not null check (state in ('received', 'done', 'dead')),
    attempts    integer not null,
    due_at_us   integer not null,          -- received: tried then; done and dead: forgotten then
    finished_at_us integer,                -- when it was done or given up
    error       text,                      -- of the last try
    primary key (tenant_id, position)
) strict, without rowid;

create unique index webhook_events_by_id on webhook_events (tenant_id, id);
create unique index webhook_events_by_delivery on webhook_events (tenant_id, delivery_id) where delivery_id is not null;
create unique index webhook_events_by_digest on webhook_events (tenant_id, digest) where digest is not null;
create index webhook_events_due on webhook_events (tenant_id, state, due_at_us);

-- What goes out --------------------------------------------------------------------------------------------------------------

create table outbox (
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

create unique index outbox_by_id on outbox (tenant_id, id);
create index outbox_by_conversation on outbox (tenant_id, conversation_id, state, position);
create index outbox_by_state on outbox (tenant_id, state, position);
create index outbox_by_approval on outbox (tenant_id, approval_id) where approval_id is not null;

-- Approvals ------------------------------------------------------------------------------------------------------------------

create table approvals (
    tenant_id   integer not null references tenants,
    number      integer not null,          -- AP-number
    id          text not null,             -- UUIDv7
    kind        text not null,             -- the type
    title       text not null,
    description text not null,
    status      text not null check (status in ('draft', 'submitted', 'approved', 'rejected', 'withdrawn', 'expired')),
    revision    integer not null,
    digest      text not null,             -- of everything shown at this revision
    requester   text,                      -- user's name; null when only Chatwoot knows them, or nobody
    requester_agent integer,               -- Chatwoot's user id
    requester_name text not null,          -- as shown; 'unknown' where nobody is named
    editor      text,                      -- user who wrote this revision; null: it is as it was asked, or from before this was kept
    editor_agent integer,                  -- the editor's Chatwoot user id
    conversation_id integer,
    asked_assignee integer,                -- the conversation's agent when it was asked
    contact_name text,
    amount_minor integer,
    amount_currency text,
    excerpt     text not null,             -- JSON as on the wire
    created_at_us integer not null,
    submitted_at_us integer,
    expires_at_us integer,
    decided_at_us integer,
    decided_by  text,
    decided_by_name text,
    comment     text,
    primary key (tenant_id, number)
) strict, without rowid;

create unique index approvals_by_id on approvals (tenant_id, id);
create index approvals_by_status on approvals (tenant_id, status, number);
create index approvals_by_conversation on approvals (tenant_id, conversation_id) where conversation_id is not null;
-- One open approval a conversation: the label's two live paths and their retries make one.
create unique index approvals_open on approvals (tenant_id, conversation_id)
    where conversation_id is not null and status = 'submitted' and kind = 'escalation';

-- What each revision showed, so that a stale decision can be told what changed.
create table approval_revisions (
    tenant_id   integer not null,
    number      integer not null,
    revision    integer not null,
    shown       text not null,             -- JSON object, a field for each thing shown
    primary key (tenant_id, number, revision),
    foreign key (tenant_id, number) references approvals (tenant_id, number)
) strict, without rowid;

-- Ledgers: only ever appended, chained by hash, without personal text ---------------------------------------------------------

create table approval_ledger (
    tenant_id   integer not null references tenants,
    position    integer not null,          -- from 1, no gaps
    record      text not null,             -- canonical JSON: ids, verbs, states, commitment
    prev_hash   text not null,
    hash        text not null,             -- SHA-256 of prev_hash and record, hex
    primary key (tenant_id, position)
) strict, without rowid;

create table audit_logs (
    tenant_id   integer not null references tenants,
    position    integer not null,
    resource_type text not null,           -- stands in the record too; here for the index
    resource_id text not null,
    record      text not null,
    prev_hash   text not null,
    hash        text not null,
    primary key (tenant_id, position)
) strict, without rowid;

create index audit_logs_by_resource on audit_logs (tenant_id, resource_type, resource_id, position);

create trigger approval_ledger_no_update before update on approval_ledger begin select raise(abort, 'approval_ledger is append-only'); end;
create trigger approval_ledger_no_delete before delete on approval_ledger begin select raise(abort, 'approval_ledger is append-only'); end;
create trigger audit_logs_no_update before update on audit_logs begin select raise(abort, 'audit_logs is append-only'); end;
create trigger audit_logs_no_delete before delete on audit_logs begin select raise(abort, 'audit_logs is append-only'); end;

-- The personal text that ledger rows commit to. Clearing a row here erases the text and leaves the chain whole.
create table ledger_texts (
    tenant_id   integer not null references tenants,
    commitment  text not null,             -- SHA-256 of salt and text, hex
    salt        text not null,
    text        text not null,
    primary key (tenant_id, commitment)
) strict, without rowid;

-- What clients hear ----------------------------------------------------------------------------------------------------------

create table activities (
    tenant_id   integer not null references tenants,
    seq         integer not null,          -- from 1, rising; the stream's event id
    id          text not null,             -- UUIDv7
    type        text not null,
    actor_user  text,
    actor_name  text,
    subject_type text not null,
    subject_id  text not null,
    conversation_id integer,
    at_us       integer not null,
    data        text not null,             -- JSON, never message text
    primary key (tenant_id, seq)
) strict, without rowid;

create unique index activities_by_id on activities (tenant_id, id);

-- Answers to changing calls, written in the transaction of the change: "done" and "remembered" cannot part.
create table idempotency (
    tenant_id   integer not null references tenants,
    user        text not null,
    key         text not null,
    method      text not null,
    path        text not null,
    fingerprint text not null,             -- SHA-256 of method, path, query and body, hex
    status      integer not null,
    body        text not null,
    at_us       integer not null,
    primary key (tenant_id, user, key, method, path)
) strict, without rowid;

create index idempotency_by_age on idempotency (tenant_id, at_us);
