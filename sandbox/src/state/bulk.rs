//! What `bulk_actions` does to many rows, as a job: nobody is named in the events, the activities name the caller.

use super::{Actor, Id, Job, Priority, State, Status};

/// A change of many rows.
#[derive(Debug, Clone)]
pub(crate) enum Bulk {
    Conversations {
        /// Database ids.
        ids: Vec<Id>,
        by: Id,
        status: Option<Status>,
        priority: Option<Priority>,
        /// To whom, or to nobody, when asked for at all; so the team.
        assignee: Option<Option<Id>>,
        team: Option<Option<Id>>,
        add: Vec<String>,
        remove: Vec<String>,
    },
    Contacts {
        ids: Vec<Id>,
        delete: bool,
        add: Vec<String>,
        remove: Vec<String>,
    },
}

/// The labels with some more and some less.
fn relabelled(labels: &[String], add: &[String], remove: &[String]) -> Vec<String> {
    let more = add.iter().filter(|l| !labels.contains(l));
    labels.iter().chain(more).filter(|l| !remove.contains(l)).cloned().collect()
}

impl State {
    pub(crate) fn do_in_bulk(&mut self, bulk: Bulk) {
        self.later(Job::Bulk(Box::new(bulk)));
    }

    pub(super) fn bulk(&mut self, bulk: Bulk) {
        match bulk {
            Bulk::Conversations { ids, by, status, priority, assignee, team, add, remove } => {
                self.actor = Actor::User(by);
                for id in ids {
                    if let Some(team) = team {
                        self.assign_team(id, team.filter(|t| self.teams.contains_key(t)));
                    }
                    self.update_conversation(id, |c| {
                        c.status = status.unwrap_or(c.status);
                        c.priority = priority.or(c.priority);
                        c.labels = relabelled(&c.labels, &add, &remove);
                    });
                    if let Some(person) = assignee {
                        self.assign_person(id, person);
                    }
                }
                self.actor = Actor::Nobody;
            }
            Bulk::Contacts { ids, delete: true, .. } => ids.into_iter().for_each(|id| self.delete_contact(id)),
            Bulk::Contacts { ids, add, remove, .. } => {
                for id in ids {
                    self.update_contact(id, |c| c.labels = relabelled(&c.labels, &add, &remove));
                }
            }
        }
    }
}
