-- 3 -> 4: what stands over an e-mail, and the address of an e-mail inbox; who takes part in a conversation, as it was read, for when
-- Chatwoot is away.

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
