-- 3 -> 4: what stands over an e-mail, and the address of an e-mail inbox.

alter table messages add column mail text;
alter table inboxes add column email text;
