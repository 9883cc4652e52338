//! The server under attack: the whole of it in this process, or the program itself.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use keyward::clock::Clock;
use keyward::config::{Config, Flags};
use keyward::http::connections::{self, Limits};
use keyward::serve;
use keyward::state::AppState;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::place::Place;

/// People would use it there; so the cookies have one name, whatever the port is.
const PUBLIC_URL: &str = "http://keyward.test:1";
pub const SESSION_COOKIE: &str = "keyward_session_1";

/// The program looks once a second whether others changed the keys.
const FOLLOWED: Duration = Duration::from_millis(1_400);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Starts and follows fast.
    InProcess,
    Program,
}

/// A server that answers.
pub enum Server {
    InProcess { state: Box<AppState>, address: SocketAddr, task: JoinHandle<()> },
    Program { child: Child, address: SocketAddr },
}

impl Server {
    /// Starts it; or what it said instead.
    pub async fn start(form: Form, place: &Place, root: &str) -> Result<Self, String> {
        match form {
            Form::InProcess => start_in_process(place, root, Clock::System).await,
            Form::Program => start_program(place, root, &[]).await,
        }
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::InProcess { address, .. } | Self::Program { address, .. } => *address,
        }
    }

    /// Lets it see what was changed behind its back.
    pub async fn follow(&self) {
        match self {
            // An error is for its log; it is asked again and again.
            Self::InProcess { state, .. } => drop(state.keys.refresh().await),
            Self::Program { .. } => tokio::time::sleep(FOLLOWED).await,
        }
    }

    pub async fn stop(self) {
        match self {
            Self::InProcess { state, task, .. } => {
                task.abort();
                let _ = state.db.clone().close().await;
            }
            Self::Program { mut child, .. } => {
                let _ = child.kill();
                child.wait().unwrap();
            }
        }
    }
}

/// The whole of it in this process, by this clock.
pub async fn start_in_process(place: &Place, root: &str, clock: Clock) -> Result<Server, String> {
    let env = |name: &str| match name {
        "SECRETS_ENCRYPTION_KEY" => Some(root.to_owned()),
        "DATABASE_URL" => Some(place.url.clone()),
        "KEYWARD_STATE_DIR" => Some(place.folder().display().to_string()),
        "KEYWARD_PUBLIC_URL" => Some(PUBLIC_URL.to_owned()),
        _ => None,
    };
    let config = Config::load(&Flags::default(), &env).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let prepared = serve::prepare(&config, clock, address).await;
    let (state, _) = prepared.map_err(|error| error.to_string())?;
    let service = keyward::build(state.clone());
    let (limits, never) = (Limits::for_files(1_024), std::future::pending());
    let task = tokio::spawn(connections::serve(listener, service, limits, never));
    Ok(Server::InProcess { state: Box::new(state), address, task })
}

/// The program, with more variables.
pub async fn start_program(
    place: &Place,
    root: &str,
    variables: &[(&str, &str)],
) -> Result<Server, String> {
    let mut command = program(place, root, &["serve"]);
    command.env("KEYWARD_PUBLIC_URL", PUBLIC_URL).envs(variables.iter().copied());
    tokio::task::spawn_blocking(move || spawn(command)).await.unwrap()
}

fn spawn(mut command: Command) -> Result<Server, String> {
    // A file, since nobody reads what it logs while it runs.
    let log = Log::new();
    let stderr = log.0.try_clone().unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    if let Some(address) = line.trim().strip_prefix("listening on http://") {
        return Ok(Server::Program { child, address: address.parse().unwrap() });
    }
    let code = child.wait().unwrap().code().unwrap_or(-1);
    let log = log.text();
    Err(format!("exit code {code}: {}", log.lines().last().unwrap_or_default()))
}

/// Runs a command of the program to its end: exit code and stdout.
pub async fn run(place: &Place, root: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = program(place, root, arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let Output { status, stdout, .. } = output.unwrap();
    (status.code().unwrap_or(-1), String::from_utf8_lossy(&stdout).into_owned())
}

fn program(place: &Place, root: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
    command
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", &place.url)
        .env("KEYWARD_STATE_DIR", place.folder())
        .env("SECRETS_ENCRYPTION_KEY", root)
        .env("KEYWARD_BIND", "127.0.0.1:0")
        .stdin(Stdio::null());
    command
}

/// A file that is gone when this is.
struct Log(File, PathBuf);

impl Log {
    fn new() -> Self {
        let name = format!("keyward_attack_{}.log", Uuid::now_v7().simple());
        let path = env::temp_dir().join(name);
        Self(File::create_new(&path).unwrap(), path)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let _ = File::open(&self.1).and_then(|mut file| file.read_to_string(&mut text));
        text
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.1);
    }
}
