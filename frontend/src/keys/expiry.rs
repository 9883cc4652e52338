//! When a key that is being made, or changed, will expire.

use time::{Date, Duration, OffsetDateTime};

use crate::clock::parse_date;

/// When a key expires, as it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    #[default]
    Never,
    Days(i64),
    /// At the end of a chosen day.
    OnDate,
}

/// In order, with the values and words of the list.
pub const CHOICES: [(Expiry, &str, &str); 6] = [
    (Expiry::Never, "never", "Never"),
    (Expiry::Days(7), "7", "7 days"),
    (Expiry::Days(30), "30", "30 days"),
    (Expiry::Days(90), "90", "90 days"),
    (Expiry::Days(365), "365", "1 year"),
    (Expiry::OnDate, "date", "On a date"),
];

impl Expiry {
    /// Of the value in the list.
    pub fn from_value(value: &str) -> Self {
        let choice = CHOICES.iter().find(|(_, slug, _)| *slug == value);
        choice.map(|(expiry, ..)| *expiry).unwrap_or_default()
    }

    /// The instant, or a sentence about the date. `end_of` answers the last instant of a day in the
    /// time zone of the person.
    pub fn resolve(
        self,
        date: &str,
        now: OffsetDateTime,
        end_of: impl Fn(Date) -> Option<OffsetDateTime>,
    ) -> Result<Option<OffsetDateTime>, &'static str> {
        match self {
            Self::Never => Ok(None),
            Self::Days(days) => Ok(Some(now + Duration::days(days))),
            Self::OnDate => {
                let end = parse_date(date).and_then(end_of).ok_or("Choose a date")?;
                if end > now { Ok(Some(end)) } else { Err("Choose a date in the future") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);

    fn resolve(expiry: Expiry, date: &str) -> Result<Option<OffsetDateTime>, &'static str> {
        expiry.resolve(date, NOW, |day| Some(day.with_hms(23, 59, 59).ok()?.assume_utc()))
    }

    #[test]
    fn a_number_of_days_counts_from_now() {
        assert_eq!(resolve(Expiry::Never, ""), Ok(None));
        assert_eq!(resolve(Expiry::Days(7), ""), Ok(Some(datetime!(2026-11-29 12:00:00 UTC))));
    }

    #[test]
    fn a_date_is_good_until_its_end() {
        let today = resolve(Expiry::OnDate, "2026-11-22");
        assert_eq!(today, Ok(Some(datetime!(2026-11-22 23:59:59 UTC))));
        assert_eq!(resolve(Expiry::OnDate, "2026-11-21"), Err("Choose a date in the future"));
        for nonsense in ["", "2026", "2026-13-01", "2026-02-30", "a-b-c"] {
            assert_eq!(resolve(Expiry::OnDate, nonsense), Err("Choose a date"), "{nonsense}");
        }
    }

    #[test]
    fn each_choice_finds_itself_by_its_value() {
        for (expiry, value, _) in CHOICES {
            assert_eq!(Expiry::from_value(value), expiry);
        }
    }
}
