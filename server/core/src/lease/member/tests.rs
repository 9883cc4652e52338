use std::time::Duration;

use super::*;
use crate::lease::Boottime;

/// In a history where each mark is ten times the number.
fn at(n: i64) -> Generation {
    Generation { n, mark: 10 * n }
}

fn seconds(seconds: u64) -> Boottime {
    Boottime::new(Duration::from_secs(seconds))
}

/// The store at `newest`, with all changes that came before.
fn seen(newest: i64, question: Question) -> Seen {
    Seen { newest: at(newest), at_known: Some(question.known.mark) }
}

/// Loaded at 5, joined, and without a lease.
fn member() -> Member {
    let mut member = Member::new(Terms::default(), Generation::default());
    assert_eq!(member.next(), Next::Load);
    let question = member.question();
    assert!(member.loaded(question, seen(5, question)));
    assert_eq!(member.next(), Next::Join);
    member.joined(BootId(1));
    assert_eq!(member.next(), Next::Nothing);
    member
}

/// A renewal at `begun` that sees `newest`.
fn renew(member: &mut Member, begun: u64, newest: i64) {
    let renewal = member.renewal(seconds(begun)).unwrap();
    member.granted(renewal, Some(seen(newest, renewal.question)));
}

/// Whether the lease ends where one does that was begun then.
fn ends(member: &Member, begun: u64) -> bool {
    let end = seconds(begun).after(Terms::default().use_of_lease());
    member.permit() == Permit::new(end)
}

#[test]
fn a_lease_counts_from_the_clock_before_the_write() {
    let mut member = member();
    assert!(!member.permit().covers(Boottime::default()));
    renew(&mut member, 100, 5);
    assert!(ends(&member, 100));
    let end = member.permit().until();
    assert!(member.permit().covers(seconds(104)) && !member.permit().covers(end));
}

#[test]
fn a_lease_begins_when_what_was_granted_is_applied() {
    let mut member = member();
    renew(&mut member, 100, 7);
    assert_eq!((member.next(), member.permit()), (Next::Follow, Permit::default()));
    assert_eq!(member.renewal(seconds(101)), None, "what was granted is not applied");
    member.applied(at(6));
    assert_eq!(member.permit(), Permit::default());
    member.applied(at(7));
    assert!(ends(&member, 100));
    assert_eq!((member.next(), member.known()), (Next::Nothing, at(7)));
}

#[test]
fn a_late_answer_shortens_no_lease_and_is_no_older_store() {
    let mut member = member();
    let late = member.renewal(seconds(100)).unwrap();
    let poll = member.question();
    renew(&mut member, 102, 8);
    member.applied(at(8));
    member.granted(late, Some(seen(5, late.question)));
    member.polled(poll, seen(5, poll));
    assert!(ends(&member, 102));
    assert_eq!(member.next(), Next::Nothing);
}

#[test]
fn a_fenced_member_accepts_nothing_until_it_joins_under_a_new_id() {
    let mut member = member();
    let late = member.renewal(seconds(100)).unwrap();
    renew(&mut member, 101, 5);
    let fenced = member.renewal(seconds(102)).unwrap();
    member.granted(fenced, None);
    member.granted(late, Some(seen(5, late.question)));
    assert_eq!((member.next(), member.permit()), (Next::Join, Permit::default()));
    member.joined(BootId(1));
    assert_eq!(member.next(), Next::Join, "not a new id");
    member.joined(BootId(2));
    member.granted(fenced, None);
    renew(&mut member, 103, 5);
    assert!(ends(&member, 103), "the keys that it had are still good");
}

#[test]
fn a_store_that_went_backwards_is_refused_for_good() {
    let answers = |question| {
        let other = Generation { n: 5, mark: 1 };
        [
            ("behind", seen(4, question)),
            ("another change with that number", Seen { newest: other, at_known: None }),
            ("another history", Seen { newest: at(9), at_known: Some(1) }),
        ]
    };
    for (what, seen) in answers(member().question()) {
        let mut polled = member();
        renew(&mut polled, 100, 5);
        let mut renewed = polled.clone();
        let mut loaded = polled.clone();
        polled.polled(polled.question(), seen);
        let renewal = renewed.renewal(seconds(101)).unwrap();
        renewed.granted(renewal, Some(seen));
        assert!(!loaded.loaded(loaded.question(), seen));
        for mut member in [polled, renewed, loaded] {
            assert_eq!(member.next(), Next::Refuse(seen.newest), "{what}");
            let question = member.question();
            member.polled(question, super::tests::seen(20, question));
            member.applied(at(20));
            member.joined(BootId(2));
            assert_eq!(member.next(), Next::Refuse(seen.newest), "{what}");
            assert_eq!(member.permit(), Permit::default());
            assert_eq!(member.renewal(seconds(200)), None);
        }
    }
}

#[test]
fn a_store_behind_what_it_has_shown_is_refused_though_it_was_not_applied() {
    let mut member = member();
    renew(&mut member, 100, 7);
    let question = member.question();
    member.polled(question, seen(6, question));
    assert_eq!(member.next(), Next::Refuse(at(6)));
}

#[test]
fn a_store_behind_the_watermark_is_not_loaded() {
    let mut member = Member::new(Terms::default(), at(9));
    let question = member.question();
    assert!(!member.loaded(question, Seen { newest: at(8), at_known: None }));
    assert_eq!(member.next(), Next::Refuse(at(8)));
}

#[test]
fn a_pruned_list_means_to_load_and_the_lease_goes_on() {
    let mut member = member();
    renew(&mut member, 100, 5);
    let question = member.question();
    member.polled(question, Seen { newest: at(90), at_known: None });
    assert_eq!((member.next(), member.renewal(seconds(101))), (Next::Load, None));
    assert!(ends(&member, 100));
    let question = member.question();
    assert!(member.loaded(question, Seen { newest: at(91), at_known: None }));
    assert_eq!((member.next(), member.known()), (Next::Nothing, at(91)));
}

#[test]
fn an_answer_that_comes_while_keys_are_loaded_does_not_stop_the_renewals() {
    let mut member = member();
    let renewal = member.renewal(seconds(100)).unwrap();
    let question = member.question();
    member.polled(question, Seen { newest: at(90), at_known: None });
    member.granted(renewal, Some(seen(5, renewal.question)));
    let question = member.question();
    assert!(member.loaded(question, Seen { newest: at(91), at_known: None }));
    assert!(ends(&member, 100));
    assert!(member.renewal(seconds(101)).is_some());
}

#[test]
fn keys_that_were_loaded_before_later_changes_do_not_replace_them() {
    let mut member = member();
    let question = member.question();
    member.polled(question, seen(8, question));
    member.applied(at(8));
    assert!(!member.loaded(question, seen(6, question)));
    assert_eq!((member.known(), member.next()), (at(8), Next::Nothing));
}

#[test]
fn a_member_that_leaves_has_stopped_before_its_row_is_deleted() {
    let mut member = member();
    renew(&mut member, 100, 5);
    assert_eq!(member.leave(), Some(BootId(1)));
    assert_eq!((member.permit(), member.boot()), (Permit::default(), None));
}
