//! What each command prints as JSON: the API's own types, by name, and what a command adds to them. `--json=help`, the check of
//! `--json=FIELD,…`, `afenda schema` and `docs/fields.txt` are made of it.

use serde_json::{Value, json};

use crate::error::CliError;

/// What a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// The command, as it is typed.
    pub(crate) command: &'static str,
    /// The API's type: one, or a list of them; empty where all fields are the command's own.
    schema: &'static str,
    /// Fields that the command adds, with their types.
    more: &'static [(&'static str, &'static str)],
}

const fn shape(command: &'static str, schema: &'static str) -> Shape {
    Shape { command, schema, more: &[] }
}

/// A value of the settings file.
const SETTING: &[(&str, &str)] = &[("key", "string"), ("value", "string"), ("from", "string"), ("origin", "string")];

/// A text that was not sent.
const DRAFT: &[(&str, &str)] = &[
    ("name", "string"),
    ("conversation_id", "integer"),
    ("kind", "string"),
    ("text", "string"),
    ("files", "list of string"),
    ("written_at", "time"),
];

/// Every command that prints data.
pub(crate) const SHAPES: &[Shape] = &[
    Shape { command: "status", schema: "StatusView", more: &[("url", "string"), ("profile", "string or null"), ("me", "MeView")] },
    Shape { command: "daemon status", schema: "StatusView", more: &[("url", "string")] },
    shape("doctor", "Check"),
    Shape { command: "version", schema: "", more: &[("version", "string"), ("protocol", "integer"), ("daemon", "object or null")] },
    Shape { command: "config path", schema: "", more: &[("path", "string")] },
    Shape { command: "config list", schema: "", more: SETTING },
    Shape { command: "config get", schema: "", more: SETTING },
    shape("sync", "SyncView"),
    Shape { command: "keys preset", schema: "", more: &[("name", "string"), ("in_use", "boolean"), ("about", "string")] },
    Shape { command: "alias list", schema: "", more: &[("name", "string"), ("expansion", "string")] },
    shape("sync status", "SyncView"),
    shape("cache stats", "CacheView"),
    shape("cache verify", "Check"),
    shape("cache rebuild", "SyncView"),
    shape("cache clear", "ClearView"),
    shape("conv list", "ConversationView"),
    Shape { command: "conv view", schema: "ConversationView", more: &[("messages", "list of MessageView")] },
    shape("conv next", "ConversationView"),
    shape("conv messages", "MessageView"),
    shape("conv reply", "MessageView"),
    shape("conv note", "MessageView"),
    Shape { command: "conv draft list", schema: "", more: DRAFT },
    Shape { command: "conv draft show", schema: "", more: DRAFT },
    Shape { command: "conv draft edit", schema: "", more: DRAFT },
    shape("conv draft send", "MessageView"),
    Shape { command: "conv draft rm", schema: "", more: DRAFT },
    shape("conv create", "OutboxView"),
    shape("conv assign", "ConversationView"),
    shape("conv label", "ConversationView"),
    shape("conv status", "ConversationView"),
    shape("conv resolve", "ConversationView"),
    shape("conv reopen", "ConversationView"),
    shape("conv pending", "ConversationView"),
    shape("conv snooze", "ConversationView"),
    shape("conv priority", "ConversationView"),
    shape("conv attr", "ConversationView"),
    shape("conv read", "ConversationView"),
    shape("conv unread", "ConversationView"),
    shape("conv mute", "ConversationView"),
    shape("conv unmute", "ConversationView"),
    shape("conv escalate", "ApprovalView"),
    Shape { command: "conv export", schema: "ConversationView", more: &[("messages", "list of MessageView")] },
    shape("contact list", "ContactDetail"),
    shape("contact search", "ContactDetail"),
    shape("contact view", "ContactView"),
    shape("contact edit", "ContactView"),
    shape("contact notes", "ContactNoteView"),
    shape("auth login", "MeView"),
    shape("auth whoami", "MeView"),
    Shape {
        command: "auth status",
        schema: "",
        more: &[
            ("profile", "string"),
            ("active", "boolean"),
            ("url", "string"),
            ("user", "string"),
            ("role", "Role or null"),
            ("tenant", "string or null"),
            ("state", "string"),
            ("token", "string"),
            ("token_from", "string"),
            ("repair", "string or null"),
        ],
    },
    shape("auth link-chatwoot", "MeView"),
    shape("auth unlink-chatwoot", "MeView"),
    shape("macro list", "MacroView"),
    shape("macro run", "OutboxView"),
    shape("canned list", "CannedResponseView"),
    shape("canned show", "CannedResponseView"),
    shape("canned create", "CannedResponseView"),
    shape("canned edit", "CannedResponseView"),
    shape("canned rm", "CannedResponseView"),
    shape("approvals list", "ApprovalView"),
    Shape { command: "approvals view", schema: "ApprovalView", more: &[("changes", "ApprovalChanges or null")] },
    shape("approvals next", "ApprovalView"),
    shape("approvals approve", "ApprovalView"),
    shape("approvals reject", "ApprovalView"),
    shape("approvals withdraw", "ApprovalView"),
    shape("approvals wait", "ApprovalView"),
    shape("approvals request", "ApprovalView"),
    shape("outbox list", "OutboxView"),
    shape("outbox cancel", "OutboxView"),
    shape("outbox retry", "OutboxView"),
    shape("outbox flush", "FlushView"),
    shape("webhooks list", "WebhookView"),
    shape("webhooks show", "WebhookView"),
    shape("webhooks replay", "WebhookView"),
    shape("webhooks purge", "PurgeView"),
    shape("webhooks install", "InstallView"),
    shape("events", "Activity"),
    shape("audit list", "AuditView"),
    shape("audit verify", "LedgerView"),
    shape("audit export", "LedgerRow"),
    shape("agent list", "Named"),
    shape("agent availability", "AvailabilityView"),
    shape("team list", "Named"),
    shape("inbox list", "InboxView"),
    shape("label list", "LabelView"),
    shape("view list", "CustomFilterView"),
    Shape { command: "view show", schema: "CustomFilterView", more: &[("conditions", "list of object")] },
    shape("tenant list", "TenantView"),
    shape("tenant switch", "TenantView"),
    shape("notification list", "NotificationView"),
    shape("search", "FoundMessage"),
    shape("search --in contacts", "ContactView"),
    shape("search --in canned", "CannedResponseView"),
];

/// One field of what a command prints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// Its type, in words.
    pub(crate) kind: String,
}

/// The shape of a command, by its words.
pub(crate) fn of(command: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.command == command)
}

/// The API's types, as JSON Schema.
pub(crate) fn schemas() -> serde_json::Map<String, Value> {
    match daemon::openapi().pointer_mut("/components/schemas").map(Value::take) {
        Some(Value::Object(schemas)) => schemas,
        _ => serde_json::Map::new(),
    }
}

impl Shape {
    /// Its fields, sorted.
    pub(crate) fn fields(&self, schemas: &serde_json::Map<String, Value>) -> Vec<Field> {
        let mut fields = Vec::new();
        if let Some(schema) = schemas.get(self.schema) {
            collect(schema, schemas, &mut fields);
        }
        fields.extend(self.more.iter().map(|(name, kind)| Field { name: (*name).to_owned(), kind: (*kind).to_owned() }));
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        fields
    }

    /// Whether all these are fields of it.
    ///
    /// # Errors
    /// One that is not, with those that are.
    pub(crate) fn check<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), CliError> {
        let fields = self.fields(&schemas());
        for name in names {
            if !fields.iter().any(|field| field.name == name) {
                let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                return Err(CliError::usage(format!("`{}` prints no field `{name}`", self.command))
                    .hint(format!("there are: {}; --json=help tells their types", known.join(", "))));
            }
        }
        Ok(())
    }
}

fn collect(schema: &Value, schemas: &serde_json::Map<String, Value>, fields: &mut Vec<Field>) {
    if let Some(parts) = schema["allOf"].as_array() {
        parts.iter().for_each(|part| collect(part, schemas, fields));
    }
    if let Some(other) = reference(schema).and_then(|name| schemas.get(name)) {
        collect(other, schemas, fields);
    }
    if let Some(properties) = schema["properties"].as_object() {
        fields.extend(properties.iter().map(|(name, schema)| Field { name: name.clone(), kind: words(schema) }));
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next())
}

/// A type in words, such as `list of string or null`.
fn words(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return name.to_owned();
    }
    for any in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[any].as_array() {
            let mut kinds: Vec<String> = parts.iter().map(words).collect();
            // null last, as people say it.
            kinds.sort_by_key(|kind| kind == "null");
            return kinds.join(" or ");
        }
    }
    let one = |kind: &str| match (kind, schema["format"].as_str()) {
        ("array", _) => format!("list of {}", words(&schema["items"])),
        ("string", Some("date-time")) => "time".to_owned(),
        (kind, _) => kind.to_owned(),
    };
    match &schema["type"] {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

/// One type as a JSON Schema that stands alone.
pub(crate) fn schema(name: &str) -> Option<Value> {
    let all = schemas();
    all.contains_key(name).then(|| {
        let mut wanted = vec![name.to_owned()];
        let mut defs = serde_json::Map::new();
        while let Some(next) = wanted.pop() {
            let Some(found) = all.get(&next).filter(|_| !defs.contains_key(&next)) else { continue };
            let mut found = found.clone();
            rewrite(&mut found, &mut wanted);
            defs.insert(next, found);
        }
        defs.sort_keys();
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": format!("#/$defs/{name}"), "$defs": defs})
    })
}

/// Points references at `$defs`, and notes what they name.
fn rewrite(value: &mut Value, wanted: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value.as_str().and_then(|path| path.strip_prefix("#/components/schemas/")) {
                    Some(name) if key == "$ref" => {
                        wanted.push(name.to_owned());
                        *value = json!(format!("#/$defs/{name}"));
                    }
                    _ => rewrite(value, wanted),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rewrite(value, wanted)),
        _ => {}
    }
}

/// Every command with its fields and their types, one a line: what scripts rely on.
#[cfg(test)]
fn all() -> String {
    let schemas = schemas();
    let mut out = String::new();
    for shape in SHAPES {
        for field in shape.fields(&schemas) {
            out.push_str(&format!("{}\t{}\t{}\n", shape.command, field.name, field.kind));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_type_is_known_and_has_fields() {
        let schemas = schemas();
        for shape in SHAPES {
            assert!(!shape.fields(&schemas).is_empty(), "{}: {}", shape.command, shape.schema);
        }
    }

    /// Commands that print nothing of the API's.
    const WITHOUT: &[&str] = &[
        "tui",
        "demo",
        "daemon",
        "daemon start",
        "daemon stop",
        "daemon restart",
        "daemon logs",
        "daemon install",
        "daemon token",
        "sandbox",
        "auth logout",
        "auth token",
        "auth switch",
        "keys list",
        "keys check",
        "alias set",
        "alias rm",
        "config set",
        "config edit",
        "api",
        "schema",
        "man",
        "completion",
        "help",
    ];

    #[test]
    fn every_command_has_a_shape_or_prints_no_data() {
        fn walk(command: &clap::Command, path: &str, leaves: &mut Vec<String>) {
            let subs: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help" || path.is_empty()).collect();
            if subs.is_empty() || !command.is_subcommand_required_set() && !path.is_empty() {
                leaves.push(path.to_owned());
            }
            for sub in subs {
                walk(sub, format!("{path} {}", sub.get_name()).trim_start(), leaves);
            }
        }
        let mut leaves = Vec::new();
        walk(&crate::Cli::command(), "", &mut leaves);
        for leaf in &leaves {
            assert!(of(leaf).is_some() != WITHOUT.contains(&leaf.as_str()), "`{leaf}` is in neither list, or in both");
        }
        for shape in SHAPES {
            let command = shape.command.split(" --").next().unwrap();
            assert!(leaves.iter().any(|leaf| leaf == command), "there is no command `{}`", shape.command);
        }
    }

    /// JSON only grows: a field that is gone, or has another type, fails; a new one is written down with AFENDA_UPDATE_DOCS=1.
    #[test]
    fn no_field_is_removed_or_changed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/fields.txt");
        let now = all();
        let known = std::fs::read_to_string(path).unwrap_or_default();
        let gone: Vec<&str> = known.lines().filter(|line| !now.lines().any(|new| new == *line)).collect();
        assert!(gone.is_empty(), "fields were removed or changed, which breaks scripts:\n{}", gone.join("\n"));
        if std::env::var_os("AFENDA_UPDATE_DOCS").is_some() {
            std::fs::write(path, &now).unwrap();
        } else {
            assert_eq!(known, now, "run this test with AFENDA_UPDATE_DOCS=1 and look at the difference");
        }
    }

    #[test]
    fn a_schema_stands_alone() {
        let schema = schema("ApprovalView").unwrap();
        let text = schema.to_string();
        assert!(!text.contains("#/components/"), "{text}");
        assert!(schema["$defs"]["ApprovalView"]["properties"]["revision"].is_object(), "{text}");
        assert!(super::schema("Nonsense").is_none());
    }
}
