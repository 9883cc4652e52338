//! One digest against many: the loop that must not tell by its time what it found. The
//! rules are in [`super::cache`]; this is how rule 1 is kept.

use pulp::{Arch, NullaryFnOnce};

/// Slots that are compared between two looks at anything else.
pub const PART: usize = 1024;

/// The selected slot counted from one, or zero. The columns have the same length, a multiple
/// of [`PART`]. Which instructions are used is a matter of the machine alone.
pub fn scan<const N: usize>(arch: Arch, columns: [&[u32]; N], wanted: &[u32; N]) -> u32 {
    arch.dispatch(Scan { columns, wanted })
}

struct Scan<'a, const N: usize> {
    columns: [&'a [u32]; N],
    wanted: &'a [u32; N],
}

impl<const N: usize> NullaryFnOnce for Scan<'_, N> {
    type Output = u32;

    #[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
    #[inline(always)]
    fn call(self) -> u32 {
        let columns = self.columns.map(|column| column.as_chunks().0);
        let parts = columns[0].len();
        (0..parts).zip((1..).step_by(PART)).fold(0, |found, (part, first)| {
            found | scan_part(columns.map(|column| &column[part]), self.wanted, first)
        })
    }
}

/// Never a branch on a digest. One result and not two (whether and where), because with two
/// the compiler gives up on vectors; and a length that it knows.
#[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
#[inline(always)]
fn scan_part<const N: usize>(columns: [&[u32; PART]; N], wanted: &[u32; N], first: u32) -> u32 {
    let mut found = 0;
    for (i, number) in (0..PART).zip(first..) {
        let pairs = columns.iter().zip(wanted);
        let differs = pairs.fold(0, |all, (column, word)| all | (column[i] ^ word));
        found |= zero_mask(differs) & number;
    }
    found
}

/// All ones for zero, zero for anything else.
#[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
#[inline(always)]
pub fn zero_mask(word: u32) -> u32 {
    ((word | word.wrapping_neg()) >> 31).wrapping_sub(1)
}
