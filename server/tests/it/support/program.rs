//! The program itself, as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread::JoinHandle;

use super::{Client, ROOT_KEY, TestDatabase};

impl TestDatabase {
    /// The program on this database, with the least that it needs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", &self.url)
            .envs(self.variables())
            .env("SECRETS_ENCRYPTION_KEY", ROOT_KEY)
            .env("KEYWARD_BIND", "127.0.0.1:0")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end: exit code, stdout and stderr.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        (status.code().unwrap(), stdout, stderr)
    }
}

/// A server that is stopped by its id when the test is over.
pub struct Server {
    pub child: Child,
    pub client: Client,
    pub address: SocketAddr,
    /// Reads what it writes to stderr.
    log: Option<JoinHandle<String>>,
}

impl Server {
    pub fn start(database: &TestDatabase, variables: &[(&str, &str)]) -> Self {
        let mut command = database.command(&["serve"]);
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    pub fn spawn(mut command: Command) -> Self {
        command.stderr(Stdio::piped());
        Self::spawn_with_its_stderr(command)
    }

    /// With the stderr that the command has; then [`wait`](Self::wait) knows no log.
    pub fn spawn_with_its_stderr(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect(&line);
        let address = address.parse().unwrap();
        let client = Client::new(address);
        let read = |mut stderr: ChildStderr| {
            std::thread::spawn(move || {
                let mut log = String::new();
                stderr.read_to_string(&mut log).unwrap();
                log
            })
        };
        let log = child.stderr.take().map(read);
        Self { child, client, address, log }
    }

    /// Asks it to stop; its exit code and everything it wrote to stderr.
    pub fn stop(self) -> (i32, String) {
        self.signal("-TERM");
        self.wait()
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Its exit code and everything it wrote to stderr.
    pub fn wait(mut self) -> (i32, String) {
        let log = self.log.take().map(|log| log.join().unwrap()).unwrap_or_default();
        (self.child.wait().unwrap().code().unwrap(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
