//! How lines of the log look: for a person, or as JSON. The variables are `KEYWARD_LOG_FORMAT`
//! and `RUST_LOG`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic::{self, PanicHookInfo};

use rustix::stdio::stderr;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use tracing_subscriber::EnvFilter;

use super::queue::write_line;
use crate::clock::Clock;
use crate::config::{ConfigError, Environment};
use crate::printable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Pretty,
    Coloured,
}

pub fn start(env: Environment<'_>) -> Result<(), ConfigError> {
    let wrong =
        |variable: &str, problem: String| ConfigError { variable: variable.into(), problem };
    let filter = env("RUST_LOG")
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "info,memory_serve=warn,sea_orm_migration=warn".into());
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| wrong("RUST_LOG", format!("is no filter: {error}")))?;
    let format = format(env)
        .ok_or_else(|| wrong("KEYWARD_LOG_FORMAT", "is wrong: expected pretty or json".into()))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || Line(format));
    match format {
        Format::Json => log.json().flatten_event(true).init(),
        _ => log.with_target(false).with_ansi(format == Format::Coloured).init(),
    }
    panic::set_hook(Box::new(move |panic| write_line(&panic_line(panic, format))));
    Ok(())
}

fn format(env: Environment<'_>) -> Option<Format> {
    let is_terminal = stderr().is_terminal();
    let is_plain = !is_terminal || env("NO_COLOR").is_some_and(|text| !text.is_empty());
    let pretty = if is_plain { Format::Pretty } else { Format::Coloured };
    match env("KEYWARD_LOG_FORMAT").filter(|text| !text.is_empty()).as_deref() {
        Some("pretty") => Some(pretty),
        Some("json") => Some(Format::Json),
        Some(_) => None,
        None if is_terminal => Some(pretty),
        None => Some(Format::Json),
    }
}

impl Format {
    fn shown(self, line: &str) -> String {
        match self {
            Self::Json => printable::json(line).into_owned(),
            Self::Pretty => printable::line(line).into_owned(),
            Self::Coloured => printable::coloured_line(line),
        }
    }
}

/// Takes one event, which the subscriber writes in one piece.
struct Line(Format);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        write_line(&format!("{}\n", self.0.shown(text.trim_end_matches('\n'))));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line that tells a panic. It does not go through the subscriber, which may be what
/// panicked, with its locks held; and the hook of the standard library writes to stderr itself.
fn panic_line(panic: &PanicHookInfo<'_>, format: Format) -> String {
    let message = panic.payload_as_str().unwrap_or("a panic");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let time = Clock::System.now().format(&Rfc3339).unwrap_or_default();
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    let line = match format {
        Format::Json => json!({
            "timestamp": time, "level": "ERROR", "message": "panicked", "reason": message,
            "place": place, "backtrace": trace,
        })
        .to_string(),
        _ => format!("{time} ERROR panicked at {place}: {message} {}", trace.unwrap_or_default()),
    };
    format!("{}\n", format.shown(line.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_one_line_and_moves_no_cursor() {
        let text = "\x1b[31mERROR\x1b[0m a\nb \x1b[2J\u{202e}";
        assert_eq!(
            Format::Pretty.shown(text),
            "\\u{1b}[31mERROR\\u{1b}[0m a\\nb \\u{1b}[2J\\u{202e}"
        );
        assert_eq!(Format::Coloured.shown(text), "\x1b[31mERROR\x1b[0m a\\nb \\u{1b}[2J\\u{202e}");
        let json = json!({ "message": "a\nb \x1b[2J\u{9b}\u{202e}" }).to_string();
        let shown = Format::Json.shown(&json);
        assert_eq!(shown, r#"{"message":"a\nb \u001b[2J\u009b\u202e"}"#);
    }
}
