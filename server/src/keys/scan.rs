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

    // Plain loops: through adapters of iterators the compiler does not vectorise this here.
    #[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
    #[expect(clippy::cast_possible_truncation, reason = "the length of a page fits")]
    #[inline(always)]
    fn call(self) -> u32 {
        let columns: [&[[u32; PART]]; N] = self.columns.map(|column| column.as_chunks().0);
        let (mut found, mut first) = (0, 1);
        for part in 0..columns[0].len() {
            found |= scan_part(columns.map(|column| &column[part]), *self.wanted, first);
            first += PART as u32;
        }
        found
    }
}

/// Never a branch on a digest. One result and not two (whether and where), because with two
/// the compiler gives up on vectors; and a length that it knows.
#[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
#[expect(clippy::cast_possible_truncation, reason = "the length of a part fits")]
#[expect(clippy::needless_range_loop, reason = "vectorised as it stands")]
#[inline(always)]
fn scan_part<const N: usize>(columns: [&[u32; PART]; N], wanted: [u32; N], first: u32) -> u32 {
    let mut found = 0;
    for i in 0..PART {
        let mut differs = 0;
        for column in 0..N {
            differs |= columns[column][i] ^ wanted[column];
        }
        found |= zero_mask(differs) & (first + i as u32);
    }
    found
}

/// All ones for zero, zero for anything else.
#[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
#[inline(always)]
pub fn zero_mask(word: u32) -> u32 {
    ((word | word.wrapping_neg()) >> 31).wrapping_sub(1)
}
