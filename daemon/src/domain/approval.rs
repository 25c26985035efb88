//! What may happen to an approval, and what follows from it.
//!
//! draft → submitted → approved | rejected | withdrawn | expired; every other transition is refused. A decision names the revision that
//! was read; nobody decides their own request, or a revision that they wrote themselves; where the requester is unknown, the conversation's
//! assignee may be it and does not decide.

use api::approval::{Actor, ApprovalStatus, ExcerptLine, Hindrance, Money};
use api::id::Reference;
use api::tenant::Role;
use sha2::{Digest, Sha256};

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

impl Verdict {
    /// The state it leads to.
    pub fn status(self) -> ApprovalStatus {
        match self {
            Self::Approve => ApprovalStatus::Approved,
            Self::Reject => ApprovalStatus::Rejected,
        }
    }
}

/// What the rules need to know of an approval.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Its state.
    pub status: ApprovalStatus,
    /// Its revision.
    pub revision: u32,
    /// Who asked.
    pub requester: &'a Actor,
    /// The requester's Chatwoot agent.
    pub requester_agent: Option<i64>,
    /// The user who changed it to what it shows now; `None`: it is as it was asked.
    pub editor: Option<&'a str>,
    /// The editor's Chatwoot agent.
    pub editor_agent: Option<i64>,
    /// The agent of its conversation, if there is one.
    pub assignee: Option<i64>,
    /// The agent of its conversation when it was asked: giving the conversation away afterwards changes nothing.
    pub asked_assignee: Option<i64>,
    /// Who decided, if somebody has.
    pub decided_by: Option<&'a Actor>,
    /// When it lapses, Unix microseconds.
    pub expires_at: Option<i64>,
    /// Roles that decide its type.
    pub deciders: &'a [Role],
}

/// Who acts.
#[derive(Debug, Clone)]
pub struct Who<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The user's role.
    pub role: Role,
    /// The user's Chatwoot agent.
    pub agent: Option<i64>,
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The role does not decide this type.
    #[error("your role does not decide approvals of this type; ask an approver")]
    NotAnApprover,
    /// Only the requester may do this.
    #[error("only the requester, an owner or an admin may do this")]
    NotTheRequester,
    /// Nobody decides their own request.
    #[error("this is your own request; somebody else must decide it")]
    OwnRequest,
    /// Nobody decides what they changed themselves.
    #[error("you changed this request last; somebody else must decide it")]
    OwnRevision,
    /// It may be their own request.
    #[error("nobody is named as the requester and the conversation is assigned to you; somebody else must decide it")]
    MaybeOwnRequest,
    /// No revision was named.
    #[error("name the revision that you read, as `revision` or in If-Match")]
    RevisionRequired,
    /// `revision` and `If-Match` differ.
    #[error("`revision` and If-Match name different revisions")]
    RevisionsDiffer,
    /// It changed since it was read.
    #[error("it is at revision {current} now, not at revision {read}: read it again")]
    Stale {
        /// What was read.
        read: u32,
        /// What is there.
        current: u32,
    },
    /// A rejection without a reason.
    #[error("a rejection needs a comment that says why")]
    CommentRequired,
    /// Somebody was first.
    #[error("it was decided already")]
    AlreadyDecided,
    /// The state has no such transition.
    #[error("it is {0}; this is not possible now")]
    InvalidTransition(ApprovalStatus),
    /// The conversation has one already.
    #[error("the conversation has an open approval, {0}")]
    Open(Reference),
}

/// What a decision does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is recorded.
    Record,
    /// The same person decided the same revision the same way before: nothing changes.
    Already,
}

/// Why `who` may not decide now; `None` = may.
pub fn hindrance(a: &Facts<'_>, who: &Who<'_>) -> Option<Hindrance> {
    if a.status != ApprovalStatus::Submitted {
        return Some(Hindrance::NotWaiting);
    }
    own(a, who).or_else(|| (!a.deciders.contains(&who.role)).then_some(Hindrance::NotAnApprover))
}

fn own(a: &Facts<'_>, who: &Who<'_>) -> Option<Hindrance> {
    let same = |user: Option<&str>, agent: Option<i64>| user == Some(who.user) || who.agent.is_some() && agent == who.agent;
    let nobody_named = a.requester.user.is_none() && a.requester_agent.is_none();
    if same(a.requester.user.as_deref(), a.requester_agent) {
        Some(Hindrance::OwnRequest)
    } else if same(a.editor, a.editor_agent) {
        Some(Hindrance::OwnRevision)
    } else if nobody_named && who.agent.is_some() && (a.assignee == who.agent || a.asked_assignee == who.agent) {
        Some(Hindrance::MaybeOwnRequest)
    } else {
        None
    }
}

/// Refuses whoever does not decide this approval at any revision; that it is their own outranks their role.
///
/// # Errors
/// Why not.
pub fn may_decide(a: &Facts<'_>, who: &Who<'_>) -> Result<(), Refusal> {
    match own(a, who) {
        Some(Hindrance::MaybeOwnRequest) => Err(Refusal::MaybeOwnRequest),
        Some(Hindrance::OwnRevision) => Err(Refusal::OwnRevision),
        Some(_) => Err(Refusal::OwnRequest),
        None if a.deciders.contains(&who.role) => Ok(()),
        None => Err(Refusal::NotAnApprover),
    }
}

/// The one revision that a call names, in its body, in `If-Match`, or in both alike.
///
/// # Errors
/// When neither names one, or both name different ones.
pub fn named_revision(body: Option<u32>, header: Option<u32>) -> Result<u32, Refusal> {
    match (body, header) {
        (Some(a), Some(b)) if a != b => Err(Refusal::RevisionsDiffer),
        (Some(a), _) | (None, Some(a)) => Ok(a),
        (None, None) => Err(Refusal::RevisionRequired),
    }
}

/// Decides a submitted approval once. `now` is Unix microseconds; at the instant of `expires_at` it is too late.
///
/// # Errors
/// The first rule that the decision breaks.
pub fn decide(a: &Facts<'_>, who: &Who<'_>, verdict: Verdict, read: u32, comment: Option<&str>, now: i64) -> Result<Outcome, Refusal> {
    may_decide(a, who)?;
    if verdict == Verdict::Reject && comment.is_none_or(|c| c.trim().is_empty()) {
        return Err(Refusal::CommentRequired);
    }
    match a.status {
        ApprovalStatus::Submitted => {}
        ApprovalStatus::Approved | ApprovalStatus::Rejected => {
            let same_person = a.decided_by.and_then(|by| by.user.as_deref()) == Some(who.user);
            if !same_person || a.status != verdict.status() {
                return Err(Refusal::AlreadyDecided);
            }
        }
        other => return Err(Refusal::InvalidTransition(other)),
    }
    let waits = a.status == ApprovalStatus::Submitted;
    if waits && a.expires_at.is_some_and(|at| at <= now) {
        return Err(Refusal::InvalidTransition(ApprovalStatus::Expired));
    }
    if read != a.revision {
        return Err(Refusal::Stale { read, current: a.revision });
    }
    Ok(if waits { Outcome::Record } else { Outcome::Already })
}

/// Whether `who` may change, submit or withdraw it: the requester, or whoever runs the tenant.
fn may_handle(a: &Facts<'_>, who: &Who<'_>) -> bool {
    matches!(own(a, who), Some(Hindrance::OwnRequest)) || matches!(who.role, Role::Owner | Role::Admin)
}

/// Puts a draft before the approvers; where a revision was `read`, only at that one.
///
/// # Errors
/// When it is no draft, changed since, or not the caller's.
pub fn submit(a: &Facts<'_>, who: &Who<'_>, read: Option<u32>) -> Result<Outcome, Refusal> {
    if !may_handle(a, who) {
        return Err(Refusal::NotTheRequester);
    }
    match (a.status, read.filter(|read| *read != a.revision)) {
        (ApprovalStatus::Draft | ApprovalStatus::Submitted, Some(read)) => Err(Refusal::Stale { read, current: a.revision }),
        (ApprovalStatus::Draft, None) => Ok(Outcome::Record),
        (ApprovalStatus::Submitted, None) => Ok(Outcome::Already),
        (other, _) => Err(Refusal::InvalidTransition(other)),
    }
}

/// Takes back what is not decided; where a revision was `read`, only at that one.
///
/// # Errors
/// When it is decided or lapsed, changed since, or not the caller's.
pub fn withdraw(a: &Facts<'_>, who: &Who<'_>, read: Option<u32>) -> Result<Outcome, Refusal> {
    if !may_handle(a, who) {
        return Err(Refusal::NotTheRequester);
    }
    match a.status {
        ApprovalStatus::Draft | ApprovalStatus::Submitted => match read.filter(|read| *read != a.revision) {
            Some(read) => Err(Refusal::Stale { read, current: a.revision }),
            None => Ok(Outcome::Record),
        },
        ApprovalStatus::Withdrawn => Ok(Outcome::Already),
        ApprovalStatus::Approved | ApprovalStatus::Rejected => Err(Refusal::AlreadyDecided),
        ApprovalStatus::Expired => Err(Refusal::InvalidTransition(ApprovalStatus::Expired)),
    }
}

/// Changes what is shown, as long as nobody has decided. A submitted one must be changed from its current revision.
///
/// # Errors
/// When it is over, not the caller's, or changed meanwhile.
pub fn edit(a: &Facts<'_>, who: &Who<'_>, read: u32) -> Result<(), Refusal> {
    if !may_handle(a, who) {
        return Err(Refusal::NotTheRequester);
    }
    match a.status {
        ApprovalStatus::Draft | ApprovalStatus::Submitted if read != a.revision => Err(Refusal::Stale { read, current: a.revision }),
        ApprovalStatus::Draft | ApprovalStatus::Submitted => Ok(()),
        ApprovalStatus::Approved | ApprovalStatus::Rejected => Err(Refusal::AlreadyDecided),
        other => Err(Refusal::InvalidTransition(other)),
    }
}

/// Everything the approver is shown.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Title.
    pub title: &'a str,
    /// Description.
    pub description: &'a str,
    /// Revision.
    pub revision: u32,
    /// Who asks.
    pub requester: &'a Actor,
    /// The conversation.
    pub conversation_id: Option<i64>,
    /// Its customer.
    pub contact: Option<&'a str>,
    /// What it costs.
    pub amount: Option<&'a Money>,
    /// The conversation's lines.
    pub excerpt: &'a [ExcerptLine],
}

/// `sha256:` and the hash of everything shown: two people who see the same digest saw the same thing.
pub fn digest(shown: &Shown<'_>) -> String {
    let Shown { kind, title, description, revision, requester, conversation_id, contact, amount, excerpt } = shown;
    let facts = serde_json::json!([kind, title, description, revision, requester, conversation_id, contact, amount, excerpt]);
    format!("sha256:{}", hex::encode(Sha256::digest(facts.to_string())))
}

/// The private note that tells Chatwoot's users of a decision.
pub fn decision_note(reference: Reference, verdict: Verdict, approver: &str, comment: Option<&str>) -> String {
    let said = comment.map(str::trim).filter(|c| !c.is_empty()).map(|c| format!("\n\n{c}")).unwrap_or_default();
    without_liquid(&format!("{reference} {} by {approver}.{said}", verdict.status()))
}

/// Chatwoot renders Liquid in what it is sent, private notes included; here it stays text.
pub fn without_liquid(text: &str) -> String {
    text.replace("{{", "{ {").replace("{%", "{ %")
}

/// The label that asks for a decision in Chatwoot's own page.
pub const ESCALATE_LABEL: &str = "escalate";
/// The beginning of a private note that asks for a decision.
pub const ESCALATE_COMMAND: &str = "/escalate";

/// The reason in a private note that asks for a decision: what follows `/escalate`.
pub fn escalate_command(note: &str) -> Option<&str> {
    let rest = note.trim_start().strip_prefix(ESCALATE_COMMAND)?;
    rest.is_empty().then_some(rest).or_else(|| rest.starts_with(char::is_whitespace).then(|| rest.trim()))
}

/// A reason's first line, cut to what a list shows.
pub fn title_of(reason: &str) -> String {
    let line = reason.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("Escalated without a reason");
    if line.chars().count() <= 120 { line.to_owned() } else { format!("{}…", line.chars().take(119).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DECIDERS: [Role; 3] = [Role::Owner, Role::Admin, Role::Approver];

    fn actor(user: Option<&str>) -> Actor {
        Actor { user: user.map(str::to_owned), name: user.unwrap_or("unknown").to_owned() }
    }

    fn facts<'a>(status: ApprovalStatus, requester: &'a Actor, decided_by: Option<&'a Actor>) -> Facts<'a> {
        Facts {
            status,
            revision: 2,
            requester,
            requester_agent: Some(7),
            editor: None,
            editor_agent: None,
            assignee: Some(7),
            asked_assignee: Some(8),
            decided_by,
            expires_at: Some(100),
            deciders: &DECIDERS,
        }
    }

    fn who(user: &str, role: Role, agent: Option<i64>) -> Who<'_> {
        Who { user, role, agent }
    }

    #[test]
    fn a_decision_is_recorded_once_and_each_rule_refuses_by_itself() {
        use ApprovalStatus::*;
        let (jo, ada) = (actor(Some("jo")), actor(Some("ada")));
        let approver = who("ada", Role::Approver, Some(1));
        for (status, by, who, verdict, read, comment, now, want) in [
            (Submitted, None, approver.clone(), Verdict::Approve, 2, None, 99, Ok(Outcome::Record)),
            (Submitted, None, approver.clone(), Verdict::Reject, 2, Some("no"), 99, Ok(Outcome::Record)),
            (Submitted, None, approver.clone(), Verdict::Reject, 2, Some("  "), 99, Err(Refusal::CommentRequired)),
            (Submitted, None, approver.clone(), Verdict::Reject, 2, None, 99, Err(Refusal::CommentRequired)),
            (Submitted, None, approver.clone(), Verdict::Approve, 1, None, 99, Err(Refusal::Stale { read: 1, current: 2 })),
            (Submitted, None, approver.clone(), Verdict::Approve, 2, None, 100, Err(Refusal::InvalidTransition(Expired))),
            (Submitted, None, who("kim", Role::Member, None), Verdict::Approve, 2, None, 1, Err(Refusal::NotAnApprover)),
            (Submitted, None, who("jo", Role::Owner, None), Verdict::Approve, 2, None, 1, Err(Refusal::OwnRequest)),
            (Submitted, None, who("x", Role::Owner, Some(7)), Verdict::Approve, 2, None, 1, Err(Refusal::OwnRequest)),
            (Draft, None, approver.clone(), Verdict::Approve, 2, None, 1, Err(Refusal::InvalidTransition(Draft))),
            (Withdrawn, None, approver.clone(), Verdict::Approve, 2, None, 1, Err(Refusal::InvalidTransition(Withdrawn))),
            (Approved, Some(&ada), approver.clone(), Verdict::Approve, 2, None, 101, Ok(Outcome::Already)),
            (Approved, Some(&ada), approver.clone(), Verdict::Approve, 1, None, 1, Err(Refusal::Stale { read: 1, current: 2 })),
            (Rejected, Some(&ada), approver.clone(), Verdict::Reject, 3, Some("no"), 1, Err(Refusal::Stale { read: 3, current: 2 })),
            (Approved, Some(&ada), approver.clone(), Verdict::Reject, 2, Some("no"), 1, Err(Refusal::AlreadyDecided)),
            (Approved, Some(&ada), who("max", Role::Admin, None), Verdict::Approve, 2, None, 1, Err(Refusal::AlreadyDecided)),
        ] {
            let got = decide(&facts(status, &jo, by), &who, verdict, read, comment, now);
            assert_eq!(got, want, "{status} {who:?} {verdict:?} {read} {now}");
        }
    }

    #[test]
    fn whoever_wrote_the_revision_does_not_decide_it() {
        let jo = actor(Some("jo"));
        let unknown = actor(None);
        for requester in [&jo, &unknown] {
            let a = Facts { editor: Some("max"), editor_agent: Some(3), ..facts(ApprovalStatus::Submitted, requester, None) };
            let (max, as_agent) = (who("max", Role::Admin, None), who("owner", Role::Owner, Some(3)));
            for editor in [&max, &as_agent] {
                assert_eq!(decide(&a, editor, Verdict::Approve, 2, None, 1), Err(Refusal::OwnRevision));
                assert_eq!(hindrance(&a, editor), Some(Hindrance::OwnRevision));
                assert_eq!((edit(&a, editor, 2), withdraw(&a, editor, None)), (Ok(()), Ok(Outcome::Record)), "what they run stays theirs");
            }
            assert_eq!(decide(&a, &who("ada", Role::Approver, Some(1)), Verdict::Approve, 2, None, 1), Ok(Outcome::Record));
            // An editor whose role has been taken away is no requester.
            assert_eq!(withdraw(&a, &who("max", Role::Approver, None), None), Err(Refusal::NotTheRequester));
        }
    }

    #[test]
    fn where_nobody_is_named_the_assignee_does_not_decide() {
        let unknown = actor(None);
        let a = Facts { requester_agent: None, ..facts(ApprovalStatus::Submitted, &unknown, None) };
        assert_eq!(decide(&a, &who("jo", Role::Admin, Some(7)), Verdict::Approve, 2, None, 1), Err(Refusal::MaybeOwnRequest));
        let before = who("kim", Role::Admin, Some(8));
        assert_eq!(decide(&a, &before, Verdict::Approve, 2, None, 1), Err(Refusal::MaybeOwnRequest), "it was theirs when it was asked");
        assert_eq!(decide(&a, &who("ada", Role::Admin, Some(1)), Verdict::Approve, 2, None, 1), Ok(Outcome::Record));
        assert_eq!(decide(&a, &who("ada", Role::Admin, None), Verdict::Approve, 2, None, 1), Ok(Outcome::Record));
    }

    #[test]
    fn the_revision_must_be_named_and_both_ways_must_agree() {
        assert_eq!(named_revision(Some(2), None), Ok(2));
        assert_eq!(named_revision(None, Some(2)), Ok(2));
        assert_eq!(named_revision(Some(2), Some(2)), Ok(2));
        assert_eq!(named_revision(Some(2), Some(3)), Err(Refusal::RevisionsDiffer));
        assert_eq!(named_revision(None, None), Err(Refusal::RevisionRequired));
    }

    #[test]
    fn only_the_requester_or_whoever_runs_the_tenant_handles_it() {
        use ApprovalStatus::*;
        let jo = actor(Some("jo"));
        let (own, other, admin) = (who("jo", Role::Member, None), who("kim", Role::Approver, None), who("max", Role::Admin, None));
        for (status, who, submitted, withdrawn) in [
            (Draft, &own, Ok(Outcome::Record), Ok(Outcome::Record)),
            (Draft, &other, Err(Refusal::NotTheRequester), Err(Refusal::NotTheRequester)),
            (Submitted, &admin, Ok(Outcome::Already), Ok(Outcome::Record)),
            (Withdrawn, &own, Err(Refusal::InvalidTransition(Withdrawn)), Ok(Outcome::Already)),
            (Approved, &own, Err(Refusal::InvalidTransition(Approved)), Err(Refusal::AlreadyDecided)),
        ] {
            assert_eq!(
                (submit(&facts(status, &jo, None), who, None), withdraw(&facts(status, &jo, None), who, None)),
                (submitted, withdrawn),
                "{status}"
            );
        }
        for (status, read, outcome) in [
            (Draft, 2, Ok(Outcome::Record)),
            (Draft, 1, Err(Refusal::Stale { read: 1, current: 2 })),
            (Submitted, 1, Err(Refusal::Stale { read: 1, current: 2 })),
        ] {
            assert_eq!(submit(&facts(status, &jo, None), &own, Some(read)), outcome, "{status} {read}");
        }
        assert_eq!(withdraw(&facts(Submitted, &jo, None), &own, Some(2)), Ok(Outcome::Record));
        assert_eq!(withdraw(&facts(Submitted, &jo, None), &own, Some(1)), Err(Refusal::Stale { read: 1, current: 2 }));
        assert_eq!(edit(&facts(Submitted, &jo, None), &own, 2), Ok(()));
        assert_eq!(edit(&facts(Submitted, &jo, None), &own, 1), Err(Refusal::Stale { read: 1, current: 2 }));
        assert_eq!(edit(&facts(Approved, &jo, None), &own, 2), Err(Refusal::AlreadyDecided));
    }

    #[test]
    fn the_escalate_command_is_a_word_of_its_own() {
        for (note, want) in [
            ("/escalate refund 240", Some("refund 240")),
            ("  /escalate\nplease look", Some("please look")),
            ("/escalate", Some("")),
            ("/escalated yesterday", None),
            ("please /escalate", None),
        ] {
            assert_eq!(escalate_command(note), want, "{note}");
        }
        assert_eq!(title_of("\n  refund 240 €\nbecause"), "refund 240 €");
        assert_eq!(title_of(&"x".repeat(500)).chars().count(), 120);
    }

    #[test]
    fn a_note_never_carries_liquid() {
        let note = decision_note(Reference(4), Verdict::Reject, "Ada", Some("no {{contact.email}} {% if %}"));
        assert!(note.starts_with("AP-4 rejected by Ada.\n\nno ") && !note.contains("{{") && !note.contains("{%"), "{note}");
    }

    proptest! {
        #[test]
        fn whatever_is_shown_changes_the_digest(a in ".{0,40}", b in ".{0,40}", revision in 1u32..9) {
            let jo = actor(Some("jo"));
            let shown = Shown {
                kind: "escalation", title: &a, description: &b, revision, requester: &jo,
                conversation_id: Some(1), contact: None, amount: None, excerpt: &[],
            };
            let (first, again) = (digest(&shown), digest(&shown));
            prop_assert_eq!(&first, &again);
            let longer = format!("{a}.");
            prop_assert_ne!(&first, &digest(&Shown { title: &longer, ..shown.clone() }));
            prop_assert_ne!(&first, &digest(&Shown { revision: revision + 1, ..shown.clone() }));
            // Moving text from one field to the next is a change too.
            let moved = format!("{a}{b}");
            if !b.is_empty() {
                prop_assert_ne!(&first, &digest(&Shown { title: &moved, description: "", ..shown }));
            }
        }

        #[test]
        fn a_requester_never_decides_their_own(role in 0usize..5, agent in proptest::option::of(1i64..4), read in 1u32..4) {
            let role = Role::ALL[role];
            let jo = actor(Some("jo"));
            let got = decide(&facts(ApprovalStatus::Submitted, &jo, None), &who("jo", role, agent), Verdict::Approve, read, None, 1);
            prop_assert_eq!(got, Err(Refusal::OwnRequest));
        }
    }
}
