-- 4 -> 5: who wrote an approval's revision does not decide it.

alter table approvals add column editor text;
alter table approvals add column editor_agent integer;
