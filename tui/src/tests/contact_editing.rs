//! A contact's fields: chosen, typed, checked, taken back only while they are ours.

use api::Code;
use api::inbox::ContactView;
use api::tenant::Role;

use super::behaviour::toasts;
use super::contacting::opened;
use super::world::{Screen, failure};
use crate::event::{Answer, Effect};
use crate::keymap::Context;
use crate::state::{ContactChange, ContactField};

/// Types a value into a field of the opened contact, and Enter; what was asked for, if anything was.
fn change(screen: &mut Screen, letter: &str, value: &str) -> Option<ContactChange> {
    screen.press(&format!("e {letter}"));
    assert_eq!(screen.state.context(), Context::ContactField);
    screen.press("Ctrl+E Ctrl+U");
    screen.type_text(value);
    screen.press("Enter").into_iter().find_map(|effect| match effect {
        Effect::EditContact { change, .. } => Some(change),
        _ => None,
    })
}

fn view(screen: &Screen) -> ContactView {
    screen.state.contacts.card.as_ref().unwrap().detail.as_ref().unwrap().contact.clone()
}

#[test]
fn values_are_checked_before_they_leave_and_kept_as_chatwoot_keeps_them() {
    let cases = [
        ("n", "Dee Other", Some("Dee Other"), ""),
        ("n", "   ", None, "a name is not empty"),
        ("e", "Dee@Example.COM ", Some("dee@example.com"), ""),
        ("e", "dee", None, "no e-mail address"),
        ("e", "a b@example.com", None, "no e-mail address"),
        ("e", "a@b@c", None, "no e-mail address"),
        ("e", "", Some(""), ""),
        ("p", "+49 (30) 123-456", Some("+4930123456"), ""),
        ("p", "030 123456", None, "with the country's number"),
        ("p", "+0301", None, "with the country's number"),
        ("p", "+1234567890123456", None, "with the country's number"),
        ("c", "Acme", Some("Acme"), ""),
        ("i", "K-17", Some("K-17"), ""),
    ];
    for (letter, typed, want, why) in cases {
        let mut screen = opened(80, 24);
        let asked = change(&mut screen, letter, typed);
        assert_eq!(asked.as_ref().map(|change| change.to.as_str()), want, "{typed:?}");
        match want {
            Some(_) => assert_eq!(screen.state.context(), Context::Contact),
            None => assert!(screen.draw().contains(why), "{typed:?}: {}", screen.draw()),
        }
    }
}

#[test]
fn each_field_is_its_own_part_of_the_patch_and_nothing_else_is_sent() {
    let sent = |field, to: &str| {
        let change = ContactChange { id: 32, field, whose: "Dee".into(), from: "x".into(), to: to.into(), back: false };
        serde_json::to_value(crate::update::contact_patch(&change)).unwrap()
    };
    assert_eq!(sent(ContactField::Name, "Ann"), serde_json::json!({ "name": "Ann" }));
    assert_eq!(sent(ContactField::Email, ""), serde_json::json!({ "email": null }));
    assert_eq!(sent(ContactField::Phone, "+4930"), serde_json::json!({ "phone_number": "+4930" }));
    assert_eq!(sent(ContactField::Identifier, "K"), serde_json::json!({ "identifier": "K" }));
    assert_eq!(sent(ContactField::Company, ""), serde_json::json!({ "additional_attributes": { "company_name": "" } }));
}

#[test]
fn u_takes_a_change_back_only_while_the_value_is_still_ours() {
    for ours in [true, false] {
        let mut screen = opened(80, 24);
        let before = view(&screen);
        let asked = change(&mut screen, "n", "Dee Other").unwrap();
        screen.answer(Answer::ContactEdited { change: asked, result: Ok(ContactView { name: "Dee Other".into(), ..before.clone() }) });
        assert!(toasts(&screen.state).contains("Dee Other · u takes it back"), "{}", toasts(&screen.state));
        assert_eq!(view(&screen).name, "Dee Other");
        if !ours {
            screen.state.contacts.card.as_mut().unwrap().detail.as_mut().unwrap().contact.name = "Somebody Else's".into();
        }
        let asked = screen.press("u").into_iter().find_map(|effect| match effect {
            Effect::EditContact { change, .. } => Some(change),
            _ => None,
        });
        assert_eq!(asked.as_ref().map(|change| (change.to.clone(), change.back)), ours.then(|| (before.name.clone(), true)));
        if let Some(change) = asked {
            screen.answer(Answer::ContactEdited { change, result: Ok(before) });
            assert!(toasts(&screen.state).contains("taken back") && screen.state.undo.is_empty());
        } else {
            assert!(toasts(&screen.state).contains("was changed since"), "{}", toasts(&screen.state));
        }
    }
}

#[test]
fn what_is_refused_comes_back_on_its_line_with_the_reason() {
    let mut screen = opened(80, 24);
    let asked = change(&mut screen, "e", "taken@example.com").unwrap();
    screen.answer(Answer::ContactEdited { change: asked, result: Err(failure(Code::ValidationFailed, "email: is taken")) });
    let drawn = screen.draw();
    assert!(drawn.contains("taken@example.com") && drawn.contains("email: is taken"), "{drawn}");
    screen.press("Esc");
    assert_eq!(screen.state.context(), Context::Contact);
    assert!(screen.state.undo.is_empty());
    // The same value is no change.
    let same = view(&screen).name;
    assert_eq!(change(&mut screen, "n", &same), None);
    assert!(toasts(&screen.state).contains("stands there already"));
    // Somebody who reads only is told so.
    screen.state.me.as_mut().unwrap().role = Role::Viewer;
    screen.press("e");
    assert_eq!(screen.state.overlay, None);
    assert!(toasts(&screen.state).contains("Your role reads only"), "{}", toasts(&screen.state));
}

#[test]
fn the_line_has_the_cursor_at_every_size() {
    for (width, height) in [(200, 50), (80, 24), (60, 20), (40, 15)] {
        let mut screen = opened(width, height);
        screen.press("e e");
        let drawn = screen.draw();
        assert!(drawn.contains("E-mail of Dee Shopper") && drawn.contains("an empty line clears it"), "{drawn}");
    }
}

#[test]
fn the_command_line_opens_the_field_and_sends_nothing_itself() {
    let mut screen = opened(80, 24);
    let id = screen.state.contacts.card.as_ref().unwrap().id;
    let line = |screen: &mut Screen, rest: &str| {
        screen.press(":");
        screen.type_text(&format!("contact edit {rest}"));
        screen.press("Enter")
    };
    for (rest, field, value) in [
        ("--name \"Ann Other\"", ContactField::Name, "Ann Other"),
        ("--email \"\"", ContactField::Email, ""),
        ("--phone +4930", ContactField::Phone, "+4930"),
        ("--field company_name=Acme", ContactField::Company, "Acme"),
    ] {
        assert_eq!(line(&mut screen, &format!("{id} {rest}")), [], "{rest}");
        assert_eq!(screen.state.context(), Context::ContactField);
        let Some(crate::state::Overlay::Contact(edit)) = &screen.state.overlay else { panic!("{rest}") };
        assert_eq!((edit.field, edit.line.text()), (field, value));
        screen.press("Esc");
    }
    line(&mut screen, &format!("{id} --name Ann"));
    let effects = screen.press("Enter");
    assert!(effects.iter().any(|e| matches!(e, Effect::EditContact { change, .. } if change.to == "Ann")), "{effects:?}");
    assert_eq!(line(&mut screen, &id.to_string()), []);
    assert_eq!(screen.state.context(), Context::Pick, "which field");
    screen.press("Esc");
    for (rest, why) in [
        ("99999 --name Ann".to_owned(), "is not among the contacts"),
        ("x --name Ann".to_owned(), "is not a contact's number"),
        (format!("{id} --name"), "needs a value"),
        (format!("{id} --colour red"), "is not understood here"),
        (format!("{id} --name Ann Other"), "one field at a time"),
    ] {
        assert_eq!(line(&mut screen, &rest), [], "{rest}");
        assert!(screen.draw().contains(why), "{rest}: {}", screen.draw());
        screen.press("Esc");
    }
    // The palette names the shell's line for it, with this contact's number.
    let cli = crate::keymap::registry::cli(
        crate::keymap::Command::EditContact,
        Context::Contact,
        &crate::keymap::registry::Subject::of(&screen.state),
    );
    assert_eq!(cli, Some(format!("afenda contact edit {id} --name NAME")));
}
