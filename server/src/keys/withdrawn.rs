//! What a change of a key takes away, or gives back, for the watermark.

use keyward_core::digest::KeyDigest;
use keyward_core::watermark::Mark;

use super::row::KeyJson;

/// What the watermark has to say when `before` becomes `after`; none: the key is not there.
pub(super) fn marks(before: Option<&KeyJson>, after: Option<&KeyJson>) -> Vec<Mark> {
    let (had, has) = (digests(before), digests(after));
    let gone = had.iter().filter(|digest| !has.contains(digest));
    let came = has.iter().filter(|digest| before.is_some() && !had.contains(digest));
    let mut marks: Vec<Mark> = gone.copied().map(Mark::Revoked).collect();
    marks.extend(came.copied().map(Mark::Restored));
    match (before.map(|before| before.enabled), after.map(|after| after.enabled)) {
        (_, Some(false)) => marks.extend(has.into_iter().map(Mark::Disabled)),
        (Some(false), Some(true)) => marks.extend(has.into_iter().map(Mark::Enabled)),
        _ => (),
    }
    marks
}

/// Of the key, and of the one that it replaced.
fn digests(key: Option<&KeyJson>) -> Vec<KeyDigest> {
    let hashes = key
        .into_iter()
        .flat_map(|key| [Some(&key.key_hash), key.former.as_ref().map(|former| &former.hash)]);
    hashes.flatten().filter_map(|hash| KeyDigest::from_hex(hash)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::row::parse;
    use super::*;

    fn hash(n: u8) -> String {
        hex::encode([n; 32])
    }

    fn key(current: u8, former: Option<u8>, enabled: bool) -> KeyJson {
        let former = former.map(|n| {
            format!(
                r#","former":{{"prefix":"k","hash":"{}","ends_at":"2026-01-01T00:00:00Z"}}"#,
                hash(n)
            )
        });
        let former = former.unwrap_or_default();
        let json = format!(
            r#"{{"key_prefix":"k","key_hash":"{}","enabled":{enabled}{former}}}"#,
            hash(current)
        );
        parse(&json).unwrap().0
    }

    #[test]
    fn what_is_no_longer_accepted_is_revoked_and_what_comes_back_is_restored() {
        let digest = |n: u8| KeyDigest::from([n; 32]);
        let of = |before: Option<KeyJson>, after: Option<KeyJson>| {
            marks(before.as_ref(), after.as_ref())
        };
        let (one, two) = (digest(1), digest(2));
        assert_eq!(of(Some(key(1, None, true)), None), [Mark::Revoked(one)]);
        let both = [Mark::Revoked(two), Mark::Revoked(one)];
        assert_eq!(of(Some(key(2, Some(1), true)), None), both);
        // A rotation with and without grace, the end of an overlap, and an undone rotation.
        let with_grace = of(Some(key(1, None, true)), Some(key(2, Some(1), true)));
        assert_eq!(with_grace, [Mark::Restored(two)]);
        let without = of(Some(key(1, None, true)), Some(key(2, None, true)));
        assert_eq!(without, [Mark::Revoked(one), Mark::Restored(two)]);
        let ended = of(Some(key(2, Some(1), true)), Some(key(2, None, true)));
        assert_eq!(ended, [Mark::Revoked(one)]);
        let undone = of(Some(key(2, None, true)), Some(key(1, None, true)));
        assert_eq!(undone, [Mark::Revoked(two), Mark::Restored(one)]);
        let disabled = of(Some(key(1, None, true)), Some(key(1, None, false)));
        assert_eq!(disabled, [Mark::Disabled(one)]);
        let enabled = of(Some(key(1, None, false)), Some(key(1, None, true)));
        assert_eq!(enabled, [Mark::Enabled(one)]);
    }
}
