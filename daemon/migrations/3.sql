-- 2 -> 3: new messages enter the full-text index by the statement that follows their insert, many in one step: by trigger each was a step of
-- its own. Updates and deletions still do by trigger.

drop trigger messages_fts_insert;
