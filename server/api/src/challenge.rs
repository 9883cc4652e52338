//! How a caller presents a key.

/// The header for a key.
pub const API_KEY_HEADER: &str = "x-api-key";

/// `WWW-Authenticate` of every 401, whatever the reason.
pub const CHALLENGE: &str = r#"ApiKey realm="keyward", header="x-api-key""#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_names_the_header() {
        assert!(CHALLENGE.contains(&format!("header=\"{API_KEY_HEADER}\"")));
    }
}
