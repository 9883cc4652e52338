//! What server/docs/back-ends.md says is done, word for word: each of its examples serves here and
//! asks Keyward about its callers.
//!
//! On one database: what these look at is the answer to a question about a key, and that both
//! databases give the same is shown in `key_verification`.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::snippets::{redirects_to, stand_in};
use crate::support::{Answer, App, Backend, Client};

#[path = "../../../tower/examples/axum.rs"]
#[expect(dead_code, reason = "main takes the address of Keyward from the environment")]
mod axum_example;

const DOCUMENT: &str = include_str!("../../../docs/back-ends.md");
const AXUM: &str = include_str!("../../../tower/examples/axum.rs");

/// Where `make` installs what the examples need.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/examples");

/// Not ASCII, so that it shows whether the answer of Keyward is read as UTF-8.
const NAME: &str = "Gr\u{fc}\u{df}e & Co";

/// The example in this language.
fn example(language: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split("\n```").next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_axum_example_does_what_is_documented() {
    // Then there is `main`, which reads the environment and listens.
    let shown = format!("\n\n{}\n\n#[tokio::main]\n", example("rust"));
    assert!(
        AXUM.contains(&shown),
        "server/tower/examples/axum.rs is not what server/docs/back-ends.md shows"
    );
    let stage = Stage::new().await;
    let app = axum_example::app(&stage.way.url, &stage.own_key).unwrap();
    let listener = UnixListener::bind(stage.socket()).unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    stage.play().await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_express_example_does_what_is_documented() {
    let stage = Stage::new().await;
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-e", example("js")]).env("PORT", stage.socket());
    let _server = stage.start(node).await;
    stage.play().await;
    nobody_else_sees_a_key(|socket| {
        let mut node = Command::new("node");
        node.args(["--input-type=module", "-e", example("js")]).env("PORT", socket);
        node
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fastapi_example_does_what_is_documented() {
    let stage = Stage::new().await;
    fs::write(stage.folder().join("orders.py"), example("python")).unwrap();
    let mut python = Command::new(format!("{INSTALLED}/venv/bin/python"));
    python.args(["-m", "uvicorn", "orders:app", "--app-dir"]).arg(stage.folder());
    python.arg("--uds").arg(stage.socket());
    let _server = stage.start(python).await;
    stage.play().await;
    nobody_else_sees_a_key(|socket| {
        fs::write(socket.with_file_name("orders.py"), example("python")).unwrap();
        let mut python = Command::new(format!("{INSTALLED}/venv/bin/python"));
        python.args(["-m", "uvicorn", "orders:app", "--app-dir"]).arg(socket.parent().unwrap());
        python.arg("--uds").arg(socket);
        python
    })
    .await;
}

/// A redirect is not followed, since where it leads would see the keys; and a key that cannot
/// be sent is not printed.
async fn nobody_else_sees_a_key(example: impl Fn(&Path) -> Command) {
    let (elsewhere, requests) = stand_in().await;
    for status in [301, 302, 303, 307, 308] {
        let stage = Stage::new().await;
        let way = redirects_to(&elsewhere, status).await;
        let _server = stage.start_with(example(&stage.socket()), &way, &stage.own_key).await;
        stage.ask(&["kw_of_a_caller"]).await.expect(503);
        assert_eq!(*requests.lock().unwrap(), [], "{status}");
    }
    for key in ["kw_planted\nx", "kw_planted\u{200b}x"] {
        let stage = Stage::new().await;
        let url = &stage.way.url;
        let _server = stage.start_with(example(&stage.socket()), url, key).await;
        stage.ask(&["kw_of_a_caller"]).await.expect(503);
        let log = fs::read_to_string(stage.log()).unwrap();
        assert!(log.contains("Keyward: ") && !log.contains("planted"), "{log}");
    }
}

/// A Keyward, the back end's own key, and a place for an example to listen: a Unix socket,
/// since a free port may be taken before the example gets to it.
struct Stage {
    app: App,
    admin: Client,
    way: Way,
    own_id: String,
    own_key: String,
}

impl Stage {
    async fn new() -> Self {
        let app = App::start(Backend::Sqlite).await;
        let admin = app.admin().await;
        let body = json!({ "name": "back end", "scopes": ["keys:verify"] });
        let (own_id, own_key) = admin.create_key(&body).await;
        let way = Way::to(app.address).await;
        Self { app, admin, way, own_id, own_key }
    }

    fn folder(&self) -> &Path {
        self.app.database.folder()
    }

    fn socket(&self) -> PathBuf {
        self.folder().join("socket")
    }

    fn log(&self) -> PathBuf {
        self.folder().join("log")
    }

    /// Starts an example in a process of its own, which ends with the test.
    async fn start(&self, command: Command) -> Child {
        self.start_with(command, &self.way.url, &self.own_key).await
    }

    async fn start_with(&self, mut command: Command, url: &str, key: &str) -> Child {
        let log = File::create(self.log()).unwrap();
        command
            .current_dir(INSTALLED)
            .env("KEYWARD_URL", url)
            .env("KEYWARD_KEY", key)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().expect("run it with `make integration`, which installs");
        let is_up = async {
            while UnixStream::connect(self.socket()).await.is_err() {
                let ended = child.try_wait().unwrap();
                assert!(ended.is_none(), "{}", fs::read_to_string(self.log()).unwrap());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), is_up).await.expect("it does not listen");
        child
    }

    /// What the example answers to a caller who presents these keys.
    async fn ask(&self, keys: &[&str]) -> Answer {
        let http = reqwest::Client::builder().unix_socket(self.socket()).build().unwrap();
        let mut request = http.get("http://example/orders");
        for key in keys {
            request = request.header("x-api-key", *key);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// Shows one example with every kind of caller.
    async fn play(mut self) {
        let create = async |name: &str, more: serde_json::Value| {
            let mut body = json!({ "name": name, "scopes": ["orders:read"] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            self.admin.create_key(&body).await
        };
        let (id, good) = create(NAME, json!({})).await;
        let (_, without_scope) = create("reader", json!({ "scopes": ["orders:reads"] })).await;
        let (_, elsewhere) = create("far", json!({ "allowedNetworks": ["192.0.2.0/24"] })).await;
        let once = json!({ "rateLimit": { "requests": 1, "windowSeconds": 60 } });
        let (_, often) = create("busy", once).await;

        let greeting = format!("Hello, {NAME}");
        let answer = self.ask(&[&good]).await.expect(200);
        assert!(answer.text.contains(&greeting), "{answer:?}");
        for keys in [&[][..], &[""], &["kw_wrong"], &[&good[1..]], &[&good, &good]] {
            let answer = self.ask(keys).await.expect(401);
            let challenge = r#"ApiKey realm="keyward", header="x-api-key""#;
            assert_eq!(answer.header("www-authenticate"), challenge, "{keys:?}");
        }
        self.ask(&[&without_scope]).await.expect(403);
        self.ask(&[&elsewhere]).await.expect(403);
        self.ask(&[&often]).await.expect(200);
        self.ask(&[&often]).await.expect(429);

        let enable = async |id: &str, is_enabled: bool| {
            let body = json!({ "enabled": is_enabled });
            self.admin.patch(&format!("/api/keys/{id}"), &body).await.expect(200);
        };
        enable(&id, false).await;
        self.ask(&[&good]).await.expect(401);
        enable(&id, true).await;
        // Whatever keeps the back end from asking is no fault of its callers, and lets none in.
        enable(&self.own_id, false).await;
        self.ask(&[&good]).await.expect(503);
        self.ask(&["kw_wrong"]).await.expect(503);
        enable(&self.own_id, true).await;
        self.ask(&[&good]).await.expect(200);
        self.way.cut().await;
        self.ask(&[&good]).await.expect(503);
        self.ask(&["kw_wrong"]).await.expect(503);
        if let Ok(log) = fs::read_to_string(self.log()) {
            assert!(![good, self.own_key].iter().any(|key| log.contains(key.as_str())), "{log}");
        }
    }
}

/// The way to Keyward, which can be cut. Stopping the server would not do: it goes on answering
/// on connections that are open.
struct Way {
    url: String,
    task: JoinHandle<()>,
}

impl Way {
    async fn to(keyward: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let mut connections = FuturesUnordered::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        connections.push(carry(accepted.unwrap().0, keyward));
                    }
                    Some(()) = connections.next() => (),
                }
            }
        });
        Self { url, task }
    }

    /// Closes every connection before it returns.
    async fn cut(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

async fn carry(mut near: TcpStream, keyward: SocketAddr) {
    let mut far = TcpStream::connect(keyward).await.unwrap();
    // An error says that one of the two has hung up.
    let _ = copy_bidirectional(&mut near, &mut far).await;
}
