//! Lists by name: what is searched for, and where a page begins.

use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{Condition, DbBackend};

/// A list by name, as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub limit: u64,
    pub after: Option<String>,
    pub q: Option<String>,
}

/// Sorted and compared by the bytes of UTF-8: databases have alphabets of their own.
pub fn in_bytes(column: Expr, backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_expr(r#"$1 COLLATE "C""#, column),
        _ => column,
    }
}

impl Names {
    /// Which entries match, on all pages; `patterns` as in [`Allowed::patterns`].
    ///
    /// [`Allowed::patterns`]: crate::access::Allowed::patterns
    pub fn matching(&self, column: &Expr, patterns: Option<&[&str]>) -> Condition {
        let lower = || Expr::expr(Func::lower(column.clone()));
        let found = self.q.as_ref().map(|q| lower().like(containing(&q.to_ascii_lowercase())));
        let covered = |pattern: &&str| match pattern.strip_suffix('*') {
            None => column.clone().eq(*pattern),
            // LIKE ignores case on SQLite.
            Some(start) => beginning(column, start.chars().count()).eq(start),
        };
        let patterns = patterns.map(|patterns| {
            patterns.iter().fold(Condition::any(), |any, pattern| any.add(covered(pattern)))
        });
        Condition::all().add_option(found).add_option(patterns)
    }

    /// Which of them are on this page and on later ones.
    pub fn rest(&self, column: &Expr, backend: DbBackend) -> Condition {
        let after = self.after.as_deref();
        let rest = after.map(|after| in_bytes(column.clone(), backend).gt(after));
        Condition::all().add_option(rest)
    }
}

fn beginning(column: &Expr, characters: usize) -> Expr {
    let characters = i32::try_from(characters).unwrap_or(i32::MAX);
    let substr = Func::cust("substr").arg(column.clone());
    Expr::expr(substr.arg(Expr::value(1)).arg(Expr::value(characters)))
}

/// Anything that contains `text`.
pub fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}
