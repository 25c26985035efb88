//! Changes of many conversations or contacts at once, made by a job (`bulk_actions`).

use serde_json::{Value, json};

use super::{Ctx, conversations::read_labels};
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Bulk, Id, Priority, Status},
};

/// Most rows one call names.
const IDS_MAX: usize = 1000;

pub(super) fn run(ctx: &mut Ctx<'_>) -> Outcome {
    let p = ctx.call.params.clone();
    let ids: Vec<Id> = p.ids("ids").unwrap_or_default().into_iter().take(IDS_MAX).collect();
    let labels = |key: &str| {
        let given = p.get("labels").and_then(|l| l.get(key)).cloned().unwrap_or_default();
        read_labels(&Params([("labels".to_owned(), given)].into_iter().collect()))
    };
    let (add, remove) = (labels("add"), labels("remove"));
    let bulk = match p.text("type").as_deref() {
        Some("Conversation") => {
            let fields = p.get("fields").and_then(Value::as_object).cloned().map(Params).unwrap_or_default();
            let status = fields.present("status").map(|w| Status::parse(&w).ok_or(Refusal::BROKEN)).transpose()?;
            let priority = fields.present("priority").map(|w| Priority::parse(&w).ok_or(Refusal::BROKEN)).transpose()?;
            // Only what the caller may open is changed; before 4.14.0 all that was named.
            let ids = ids.into_iter().filter_map(|id| ctx.state.by_display(ctx.account, id));
            let mine = ids.filter(|c| !ctx.state.version.guards_bulk_changes() || ctx.user_id().is_some_and(|u| ctx.state.may_open(u, c)));
            Bulk::Conversations {
                ids: mine.map(|c| c.id).collect(),
                by: ctx.user()?.id,
                status,
                priority,
                assignee: fields.has("assignee_id").then(|| fields.id("assignee_id").filter(|a| *a > 0)),
                team: fields.has("team_id").then(|| fields.id("team_id").filter(|t| *t > 0)),
                add,
                remove,
            }
        }
        Some("Contact") if ctx.state.version.changes_contacts_in_bulk() => {
            let delete = p.text("action_name").as_deref() == Some("delete");
            if delete {
                ctx.admin()?;
            }
            let own = |id: &Id| ctx.state.contacts.get(id).is_some_and(|c| c.account_id == ctx.account);
            Bulk::Contacts { ids: ids.into_iter().filter(own).collect(), delete, add, remove }
        }
        _ => return Err(Refusal::Json(422, json!({"success": false}))),
    };
    ctx.state.do_in_bulk(bulk);
    Ok(Reply::Empty)
}
