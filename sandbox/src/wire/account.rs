//! What belongs to an account: inboxes, teams, labels and the like.

use serde_json::{Map, Value, json};

use super::{iso, only_if};
use crate::{
    clock::Stamp,
    state::{Account, Attribute, Bot, Canned, CustomFilter, Id, Inbox, Label, Team, Webhook},
    version::Version,
    world::Channel,
};

const FEATURES: [&str; 23] = [
    "inbound_emails",
    "channel_email",
    "channel_facebook",
    "help_center",
    "agent_bots",
    "macros",
    "agent_management",
    "team_management",
    "inbox_management",
    "labels",
    "custom_attributes",
    "automations",
    "canned_responses",
    "integrations",
    "voice_recorder",
    "channel_website",
    "campaigns",
    "reports",
    "crm",
    "auto_resolve_conversations",
    "chatwoot_v4",
    "contact_chatwoot_support_team",
    "channel_instagram",
];
const NEWER_FEATURES: [&str; 3] = ["assignment_v2", "channel_tiktok", "captain_tasks"];
const OLDER_FEATURES: [&str; 2] = ["channel_twitter", "report_v4"];

pub(crate) fn account_status(a: &Account) -> &'static str {
    if a.suspended { "suspended" } else { "active" }
}

/// What is switched on: the installation's features, changed by the account's own.
fn features(a: &Account, version: Version) -> Map<String, Value> {
    let more: &[&str] = if version.has_newer_features() { &NEWER_FEATURES } else { &OLDER_FEATURES };
    let known = || FEATURES.iter().chain(more);
    let installed = known().map(|f| (*f).to_owned()).filter(|f| a.features.get(f) != Some(&false));
    let own = a.features.iter().filter(|(f, on)| **on && !known().any(|k| *k == f.as_str())).map(|(f, _)| f.clone());
    installed.chain(own).map(|f| (f, json!(true))).collect()
}

/// The account as the platform shows it.
pub(crate) fn platform_account(a: &Account, version: Version) -> Value {
    json!({
        "id": a.id, "name": a.name, "locale": a.locale, "domain": a.domain, "support_email": a.support_email, "features": features(a, version),
        "custom_attributes": a.custom_attributes, "limits": a.limits, "status": account_status(a),
    })
}

/// Change stamps as second texts; zeros while nothing changed.
pub(crate) fn cache_keys(a: &Account) -> Value {
    let stamp = |at: Option<Stamp>| at.map_or_else(|| "0000000000".to_owned(), |t| t.unix().to_string());
    json!({"label": stamp(a.cache.label), "inbox": stamp(a.cache.inbox), "team": stamp(a.cache.team)})
}

/// The account, as its change answers it; showing it adds two keys.
pub(crate) fn account(a: &Account, version: Version) -> Value {
    json!({
        "settings": a.settings, "created_at": a.created_at.iso(), "domain": a.domain, "features": features(a, version), "id": a.id, "locale": a.locale, "name": a.name,
        "support_email": a.support_email, "status": account_status(a), "cache_keys": cache_keys(a),
    })
}

/// The inbox, with its secrets for administrators.
pub(crate) fn inbox(i: &Inbox, secrets: bool, base: &str, version: Version) -> Value {
    let mut out = Map::new();
    let web = i.channel == Channel::WebWidget;
    out.insert("id".into(), json!(i.id));
    out.insert("avatar_url".into(), json!(""));
    out.insert("channel_id".into(), json!(i.channel_id));
    out.insert("name".into(), json!(i.name));
    out.insert("channel_type".into(), json!(i.channel.as_str()));
    out.extend(i.settings.clone());
    let only_web = |value: Value| if web { value } else { Value::Null };
    let script = format!(
        "\n    <script>\n      (function(d,t) {{\n        var BASE_URL=\"{base}\";\n        var g=d.createElement(t),s=d.getElementsByTagName(t)[0];\n        g.src=BASE_URL+\"/packs/js/sdk.js\";\n        g.async = true;\n        s.parentNode.insertBefore(g,s);\n        g.onload=function(){{\n          window.chatwootSDK.run({{\n            websiteToken: '{}',\n            baseUrl: BASE_URL\n          }})\n        }}\n      }})(document,\"script\");\n    </script>\n    ",
        i.website_token
    );
    let widget = [
        ("allowed_domains", only_web(json!(""))),
        ("widget_color", only_web(json!("#1f93ff"))),
        ("website_url", json!(i.website_url)),
        ("hmac_mandatory", if i.channel == Channel::Email { Value::Null } else { json!(false) }),
        ("welcome_title", Value::Null),
        ("welcome_tagline", Value::Null),
        ("web_widget_script", only_web(json!(script))),
        ("website_token", only_web(json!(i.website_token))),
        ("selected_feature_flags", only_web(json!(["attachments", "emoji_picker", "end_conversation"]))),
        ("reply_time", only_web(json!("in_a_few_minutes"))),
    ];
    out.extend(widget.into_iter().map(|(k, v)| (k.to_owned(), v)));
    if web {
        if secrets {
            out.insert("hmac_token".into(), json!(i.hmac_token));
        }
        let field = |name: &str, kind: &str, label: &str, required: bool| json!({"name": name, "type": kind, "label": label, "enabled": false, "required": required, "field_type": "standard"});
        let fields = [
            field("emailAddress", "email", "Email Id", true),
            field("fullName", "text", "Full name", false),
            field("phoneNumber", "text", "Phone number", false),
        ];
        out.insert("pre_chat_form_enabled".into(), json!(false));
        out.insert(
            "pre_chat_form_options".into(),
            json!({"pre_chat_fields": fields, "pre_chat_message": "Share your queries or comments here."}),
        );
        out.insert("continuity_via_email".into(), json!(true));
    }
    out.insert("messaging_service_sid".into(), Value::Null);
    out.insert("phone_number".into(), json!(i.phone_number));
    match i.channel {
        Channel::Email => add_mail(i, secrets, version, &mut out),
        Channel::Api => {
            if secrets {
                out.insert("hmac_token".into(), json!(i.hmac_token));
                if version.signs_inbox_webhooks() {
                    out.insert("secret".into(), json!(i.secret));
                }
            }
            out.insert("webhook_url".into(), json!(i.webhook_url));
            out.insert("inbox_identifier".into(), json!(i.identifier));
            out.insert("additional_attributes".into(), json!({}));
        }
        Channel::WebWidget | Channel::Whatsapp => {}
    }
    let whatsapp = i.channel == Channel::Whatsapp;
    out.insert("provider".into(), if whatsapp { json!("whatsapp_cloud") } else { Value::Null });
    if whatsapp {
        out.insert("message_templates".into(), json!(i.message_templates));
    }
    Value::Object(out)
}

fn add_mail(i: &Inbox, secrets: bool, version: Version, out: &mut Map<String, Value>) {
    out.insert("email".into(), json!(i.email));
    if version.tells_forwarding() {
        out.insert("forwarding_enabled".into(), json!(false));
    } else {
        out.insert("forward_to_email".into(), json!(format!("{}@forward.invalid", i.identifier)));
    }
    if !secrets {
        return;
    }
    let server = json!({
        "imap_login": "", "imap_password": "", "imap_address": "", "imap_port": 0, "imap_enabled": false, "imap_enable_ssl": true,
        "imap_authentication": "plain", "smtp_login": "", "smtp_password": "", "smtp_address": "", "smtp_port": 0, "smtp_enabled": false,
        "smtp_domain": "", "smtp_enable_ssl_tls": false, "smtp_enable_starttls_auto": true, "smtp_openssl_verify_mode": "none",
        "smtp_authentication": "login",
    });
    if let Value::Object(map) = server {
        out.extend(map.into_iter().filter(|(key, _)| key != "imap_authentication" || version.tells_forwarding()));
    }
}

pub(crate) fn inbox_slim(i: &Inbox) -> Value {
    json!({"id": i.id, "avatar_url": "", "channel_id": i.channel_id, "name": i.name, "channel_type": i.channel.as_str(), "provider": null})
}

pub(crate) fn team(t: &Team, viewer: Option<Id>) -> Value {
    json!({"id": t.id, "name": t.name, "description": t.description, "allow_auto_assign": t.allow_auto_assign,
           "account_id": t.account_id, "is_member": viewer.is_some_and(|u| t.members.contains(&u))})
}

pub(crate) fn team_row(t: &Team) -> Value {
    json!({"id": t.id, "name": t.name, "description": t.description, "allow_auto_assign": t.allow_auto_assign,
           "account_id": t.account_id, "created_at": t.created_at.iso(), "updated_at": t.updated_at.iso()})
}

pub(crate) fn label(l: &Label) -> Value {
    json!({"id": l.id, "title": l.title, "description": l.description, "color": l.color, "show_on_sidebar": l.show_on_sidebar})
}

pub(crate) fn canned(c: &Canned) -> Value {
    json!({"id": c.id, "account_id": c.account_id, "short_code": c.short_code, "content": c.content,
           "created_at": c.created_at.iso(), "updated_at": c.updated_at.iso()})
}

pub(crate) fn attribute(a: &Attribute) -> Value {
    json!({
        "id": a.id, "attribute_display_name": a.name, "attribute_display_type": a.display_type, "attribute_description": a.description,
        "attribute_key": a.key, "regex_pattern": a.regex_pattern, "regex_cue": a.regex_cue, "attribute_values": a.values, "attribute_model": a.model,
        "default_value": null, "created_at": a.created_at.iso(), "updated_at": iso(Some(a.updated_at)),
    })
}

/// A bot, with its secret for administrators; everyone sees its token.
pub(crate) fn bot(b: &Bot, secrets: bool, version: Version) -> Value {
    let mut out = json!({
        "id": b.id, "name": b.name, "description": b.description, "thumbnail": "", "outgoing_url": b.outgoing_url, "bot_type": "webhook",
        "bot_config": b.config, "account_id": b.account_id, "access_token": b.access_token,
    });
    if secrets && version.signs_inbox_webhooks() {
        out = super::with(out, "secret", json!(b.secret));
    }
    super::with(out, "system_bot", json!(false))
}

pub(crate) fn webhook(w: &Webhook, version: Version) -> Value {
    let out =
        json!({"id": w.id, "name": w.name, "url": w.url, "account_id": w.account_id, "subscriptions": w.subscriptions, "secret": w.secret});
    only_if(version.has_webhook_secrets(), "secret", only_if(version.names_webhooks(), "name", out))
}

pub(crate) fn custom_filter(f: &CustomFilter) -> Value {
    json!({"id": f.id, "name": f.name, "filter_type": f.filter_type, "query": f.query, "created_at": f.created_at.iso(), "updated_at": f.updated_at.iso()})
}
