//! Commands that use a key.

/// Shows that a key works.
pub fn verify_command(key: &str, origin: &str) -> String {
    command(key, origin, "/api/verify")
}

/// A line for a POSIX shell. An imported key may contain any character, so it is quoted.
pub fn command(key: &str, origin: &str, path: &str) -> String {
    let header = format!("x-api-key: {key}").replace('\'', r"'\''");
    // An ampersand would end the command.
    let quote = if path.contains('&') { "'" } else { "" };
    format!("curl -H '{header}' {quote}{origin}{path}{quote}")
}

/// `https://host:port` of this page.
pub fn origin() -> String {
    leptos::prelude::window().location().origin().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{command, verify_command};

    #[test]
    fn the_line_can_be_pasted() {
        assert_eq!(
            verify_command("kw_x", "http://127.0.0.1:8080"),
            "curl -H 'x-api-key: kw_x' http://127.0.0.1:8080/api/verify"
        );
        assert_eq!(command("k", "o", "/a?b=c&d"), "curl -H 'x-api-key: k' 'o/a?b=c&d'");
        assert_eq!(verify_command("a'b", "o"), r"curl -H 'x-api-key: a'\''b' o/api/verify");
    }
}
