//! A script beside the tests that keeps something running and says where it is.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Ends with its standard input.
pub struct Helper {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    /// Starts the script with these variables. [`Self::line`] gives the values of the `wanted` ones.
    pub fn start(script: &str, variables: &[(&str, &str)], wanted: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
        let tell: Vec<_> = wanted.iter().map(|name| format!("echo \"${name}\"")).collect();
        let mut process = Command::new(script)
            .args(["sh", "-c", &format!("{}; cat", tell.join("; "))])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The value of the next variable.
    pub fn line(&mut self) -> String {
        self.lines.next().expect("the script failed").unwrap()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
