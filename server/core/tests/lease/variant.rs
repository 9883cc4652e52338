//! The protocol, and ways to get it wrong. They exist here only: each is a place where the
//! simulated server or store does not do what the rules ask for.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// What is shipped.
    Right,
    /// Leases and waits are measured by the wall clock.
    WallClock,
    /// A member that was not heard of for two polls counts as acknowledged.
    AbsenceAcknowledges,
    /// Rows are deleted when the store's wall clock says that they are old.
    FencedByAge,
    /// Members use their leases to the end.
    NoMargin,
    /// The margin is 5 % of T and 50 ms, whatever D is.
    MarginWithoutAlone,
    /// The clock is read, then the key is looked up.
    ClockBeforeLookup,
    /// The key is looked up, then the lease and the clock are read.
    PermitAfterLookup,
    /// A lease counts as soon as it is granted, before the changes are applied.
    GrantedBeforeApplied,
    /// A lease counts from the answer to the renewal.
    CountedFromAnswer,
    /// A renewal that was overtaken by a later one sets `granted` back.
    GrantedGoesDown,
    /// Rows are deleted though the store has lost the change that they had not.
    FencedForLostChange,
    /// Generations are numbers without marks, which all are 0.
    NoMarks,
    /// A row that is not there proves that there is no lease, on a new timeline too.
    AbsenceAfterFailover,
    /// The row is inserted by the first renewal.
    JoinedByRenewal,
    /// A request that finds its key revoked already is answered at once.
    AlreadyRevokedAtOnce,
    /// A commit whose answer was lost is answered as success.
    UnknownIsSuccess,
    /// Digests of revoked keys are not kept outside the store.
    NoWatermark,
    /// Nobody deletes the rows of silent members.
    NeverFenced,
}
