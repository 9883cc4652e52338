//! Commands that use a key.

/// Proves that a key works.
pub fn verify_command(key: &str, origin: &str) -> String {
    command(key, origin, "/api/verify")
}

/// A line for a POSIX shell. A key of Keyward's own needs no quoting; one that was
/// imported may contain anything.
pub fn command(key: &str, origin: &str, path: &str) -> String {
    let header = format!("x-api-key: {key}").replace('\'', r"'\''");
    format!("curl -H '{header}' {origin}{path}")
}

/// Where this page came from, `https://host:port`.
pub fn origin() -> String {
    leptos::prelude::window().location().origin().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::verify_command;

    #[test]
    fn the_line_can_be_pasted() {
        assert_eq!(
            verify_command("kw_x", "http://127.0.0.1:8080"),
            "curl -H 'x-api-key: kw_x' http://127.0.0.1:8080/api/verify"
        );
        assert_eq!(verify_command("a'b", "o"), r"curl -H 'x-api-key: a'\''b' o/api/verify");
    }
}
