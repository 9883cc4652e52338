//! Which entries of the log match.

use keyward_api::audit::AuditOutcome;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, Condition};
use time::OffsetDateTime;

use super::entity::{log, micros};
use crate::database::names::containing;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// A part of the actor's name or of the target; case does not matter.
    pub q: Option<String>,
    /// A part of the actor's name or its whole id; case does not matter.
    pub actor: Option<String>,
    /// A whole action, or the noun before its dot.
    pub action: Option<String>,
    /// A part of the target; case does not matter.
    pub target: Option<String>,
    pub outcome: Option<AuditOutcome>,
    pub since: Option<OffsetDateTime>,
    pub until: Option<OffsetDateTime>,
}

impl AuditFilter {
    pub(super) fn condition(&self) -> Condition {
        let Self { q, actor, action, target, outcome, since, until } = self;
        // As it is typed, too: SQLite knows small letters of ASCII alone.
        let contains = |column: log::Column, text: &String| {
            let lower = Expr::expr(Func::lower(Expr::col(column)));
            let in_lower_case = lower.like(containing(&text.to_lowercase()));
            Condition::any().add(in_lower_case).add(Expr::col(column).like(containing(text)))
        };
        Condition::all()
            .add_option(q.as_ref().map(|text| {
                let name = contains(log::Column::ActorName, text);
                Condition::any().add(name).add(contains(log::Column::Target, text))
            }))
            .add_option(actor.as_ref().map(|text| {
                let id = log::Column::ActorId.eq(text.as_str());
                Condition::any().add(contains(log::Column::ActorName, text)).add(id)
            }))
            .add_option(action.as_ref().map(|text| {
                if text.contains('.') {
                    log::Column::Action.eq(text.as_str())
                } else {
                    log::Column::Action.starts_with(format!("{text}."))
                }
            }))
            .add_option(target.as_ref().map(|text| contains(log::Column::Target, text)))
            .add_option(outcome.map(|o| log::Column::Outcome.eq(o.as_str())))
            .add_option(since.as_ref().map(|time| log::Column::Time.gte(micros(*time))))
            .add_option(until.as_ref().map(|time| log::Column::Time.lt(micros(*time))))
    }
}
