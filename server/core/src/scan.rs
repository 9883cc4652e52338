//! One digest against many: the loops that must not tell by their time what they found. The
//! rules are in [`crate::cache`]; this is how rule 1 is kept.

use std::hint::black_box;

use pulp::{Arch, NullaryFnOnce};

/// A digest as words.
pub type Words = [u32; 8];

/// Slots that are compared at once: as many accumulators as the compiler keeps in registers,
/// whichever instructions it has.
pub const LANES: usize = 64;

/// The slot with this tag counted from one, or zero. The length is a multiple of [`LANES`].
/// Which instructions are used is a matter of the machine alone.
pub fn scan(arch: Arch, tags: &[u32], wanted: u32) -> u32 {
    arch.dispatch(Scan { tags, wanted })
}

struct Scan<'a> {
    tags: &'a [u32],
    wanted: u32,
}

impl NullaryFnOnce for Scan<'_> {
    type Output = u32;

    // Never a branch on a tag. Plain loops of lengths that the compiler knows: it makes
    // vectors of these, and of adapters of iterators it does not.
    #[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
    #[expect(clippy::cast_possible_truncation, reason = "the length of a page fits")]
    #[expect(clippy::needless_range_loop, reason = "vectorised as it stands")]
    #[inline(always)]
    fn call(self) -> u32 {
        let (tags, _) = self.tags.as_chunks::<LANES>();
        // The row in which each lane found what is wanted, counted from one.
        let mut rows = [0; LANES];
        for row in 0..tags.len() {
            for lane in 0..LANES {
                rows[lane] |= zero_mask(tags[row][lane] ^ self.wanted) & (row as u32 + 1);
            }
        }
        let mut slot = 0;
        for lane in 0..LANES {
            let number = rows[lane].wrapping_sub(1).wrapping_mul(LANES as u32);
            let number = number.wrapping_add(lane as u32 + 1);
            slot |= !zero_mask(rows[lane]) & number;
        }
        slot
    }
}

/// The same for all bits of a digest: for few.
pub fn scan_whole(digests: &[Words], wanted: &Words) -> u32 {
    digests.iter().zip(1..).fold(0, |found, (digest, number)| {
        let words = digest.iter().zip(wanted);
        let differs = words.fold(0, |all, (word, wanted)| all | (word ^ wanted));
        // Opaque, or the compiler would make a branch of it.
        found | (black_box(zero_mask(differs)) & number)
    })
}

/// All ones for zero, zero for anything else.
#[expect(clippy::inline_always, reason = "inlined, it is compiled for those instructions")]
#[inline(always)]
pub fn zero_mask(word: u32) -> u32 {
    ((word | word.wrapping_neg()) >> 31).wrapping_sub(1)
}
