//! A reply that is a WhatsApp template with its values.

use api::inbox::NewMessage;
use api::template::UseTemplate;
use serde_json::{Map, Value, json};

use crate::domain::outbox::FileRef;
use crate::fault::Fault;
use crate::store::{Scope, TemplateRow};

/// Names of templates in one refusal: as many as one reads.
const NAMED_MAX: usize = 20;

/// The payload of a message that is a template: its text with the values in place, and what Chatwoot needs to send it.
pub(super) fn payload(
    scope: &Scope<'_>,
    conversation: i64,
    body: &NewMessage,
    wanted: &UseTemplate,
    files: &[FileRef],
) -> Result<Value, Fault> {
    let alone =
        body.content.trim().is_empty() && body.canned.is_none() && body.mentions.is_empty() && body.vars.is_empty() && files.is_empty();
    if !alone || body.private {
        return Err(Fault::invalid(
            "template",
            "not together with content, canned, vars, mentions, files or private: it is the whole reply",
        ));
    }
    let view = scope.conversation(conversation, "")?.ok_or_else(|| Fault::not_found("conversation"))?;
    if view.inbox.channel != "Whatsapp" {
        return Err(Fault::invalid("template", &format!("only WhatsApp inboxes have templates; this is {}", view.inbox.channel)));
    }
    let known = scope.templates(view.inbox.id)?;
    let row = pick(&known, wanted)?;
    if let Some(why) = &row.view.unusable {
        return Err(Fault::invalid("template.name", &format!("`{}` cannot be sent: {why}", row.view.name)));
    }
    let filled = row.view.fill(&wanted.vars).map_err(|why| Fault::invalid("template.vars", &why))?;
    let vars: Map<String, Value> = filled.vars.into_iter().map(|(name, value)| (name, value.into())).collect();
    let template = json!({
        "name": row.view.name, "category": row.view.category, "language": row.view.language, "namespace": row.namespace, "vars": vars,
    });
    Ok(json!({ "content": filled.text, "template": template }))
}

/// The template that is named; by its language too where it has several.
fn pick<'a>(known: &'a [TemplateRow], wanted: &UseTemplate) -> Result<&'a TemplateRow, Fault> {
    let named: Vec<&TemplateRow> = known.iter().filter(|row| row.view.name == wanted.name).collect();
    if named.is_empty() {
        let mut usable: Vec<&str> = known.iter().filter(|row| row.view.unusable.is_none()).map(|row| row.view.name.as_str()).collect();
        usable.dedup();
        let more = if usable.len() > NAMED_MAX { ", …" } else { "" };
        usable.truncate(NAMED_MAX);
        let names = if usable.is_empty() { "the inbox has none that can be sent".to_owned() } else { usable.join(", ") };
        return Err(Fault::invalid("template.name", &format!("there is no template `{}`: {names}{more}", wanted.name)));
    }
    let languages = || named.iter().map(|row| row.view.language.as_str()).collect::<Vec<_>>().join(", ");
    match (&wanted.language, named.as_slice()) {
        (Some(language), _) => {
            named.iter().find(|row| row.view.language == *language).copied().ok_or_else(|| {
                Fault::invalid("template.language", &format!("`{}` is not there in {language}: {}", wanted.name, languages()))
            })
        }
        (None, [one]) => Ok(one),
        (None, _) => {
            Err(Fault::invalid("template.language", &format!("`{}` is there in several languages, name one: {}", wanted.name, languages())))
        }
    }
}
