-- 3 -> 4: message templates of WhatsApp inboxes.

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
