//! The program on a disk that was full and has room again.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::support::program::Server;
use crate::support::{ADMIN, Backend, Client, TestDatabase};

/// A file system of 3 MB, in a mount namespace that lasts as long as this.
struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount(database: &TestDatabase) -> Option<Self> {
        let folder = database.folder().join("small");
        std::fs::create_dir(&folder).unwrap();
        let mount = "mount -t tmpfs -o size=3m none \"$0\" && echo mounted && exec cat";
        let mut holder = Command::new("unshare")
            .args(["-m", "sh", "-c", mount])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        if line == "mounted\n" {
            return Some(Self { holder, folder });
        }
        holder.wait().unwrap();
        None
    }

    /// The server, with its database on this disk.
    fn start(&self, database: &TestDatabase) -> Server {
        let command = database.command(&[]);
        let mut inside = Command::new("nsenter");
        inside.arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id())).arg("--");
        inside.arg(command.get_program()).env_clear();
        inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        inside.env("DATABASE_URL", format!("sqlite://{}/k.db", self.folder.display()));
        inside.envs(ADMIN);
        Server::spawn(inside)
    }

    fn filler(&self) -> PathBuf {
        let folder = self.folder.strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(folder).join("filler")
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Files of this process may grow no further than this many bytes, or as far as they like.
fn limit_files(server: &Server, bytes: &str) {
    let (process, limit) = (format!("{}", server.child.id()), format!("--fsize={bytes}:"));
    let set = Command::new("prlimit").args(["--pid", &process, &limit]).status().unwrap();
    assert!(set.success());
}

/// Fails changes between `fill` and `make_room`; everything that is answered after that must
/// hold, also in the server that `restart` gives.
async fn answers_are_true_again(
    server: Server,
    fill: impl Fn(&Server),
    make_room: impl Fn(&Server),
    restart: impl Fn() -> Server,
) {
    let client = &server.client;
    client.sign_in().await;
    client.add_secret("A", "old").await;
    let mut keys = Vec::new();
    for n in 0..6 {
        keys.push(client.create_key(&json!({ "name": format!("old {n}") })).await);
    }
    let (kept, deleted) = keys.split_at(2);
    let put = async |value: &str| {
        let body = json!({ "value": value });
        client.put_secret("A", &body).await.status
    };
    let large = "x".repeat(60_000);
    fill(&server);
    for _ in 0..20 {
        assert_eq!(put(&large).await, 503);
        client.post("/api/keys", &json!({ "name": "lost" })).await.expect(503);
        client.delete(&format!("/api/keys/{}", kept[0].0)).await.expect(503);
        client.get("/api/secrets/A").await.expect(503);
        assert!(client.accepts(&kept[0].1).await);
    }
    client.get("/api/secrets").await.expect(200);
    client.get("/readyz").await.expect(503);
    make_room(&server);
    // An answer about readiness is given again for a quarter of a second.
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.get("/readyz").await.expect(200);
    for (id, key) in deleted {
        client.delete(&format!("/api/keys/{id}")).await.expect(200);
        assert!(!client.accepts(key).await);
    }
    let mut new = Vec::new();
    for n in 0..6 {
        new.push(client.create_key(&json!({ "name": format!("new {n}") })).await.1);
    }
    assert_eq!(put("mine").await, 200);
    // A server looks every second at what is stored.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let expect = async |client: &Client| {
        for (_, key) in deleted {
            assert!(!client.accepts(key).await, "deleted");
        }
        for key in kept.iter().map(|(_, key)| key).chain(&new) {
            assert!(client.accepts(key).await, "kept");
        }
        let value = client.get("/api/secrets/A").await.expect(200).data();
        assert_eq!(value["value"], "mine");
        let chain = client.verify_log().await;
        assert_eq!(chain["valid"], true, "{chain}");
        let log = client.get("/api/admin/audit?action=key.delete").await.expect(200).data();
        assert_eq!(log.as_array().unwrap().len(), deleted.len());
    };
    expect(client).await;
    assert_eq!(server.stop().0, 0);
    let server = restart();
    server.client.sign_in().await;
    expect(&server.client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_full_disk_every_answer_of_200_is_true() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    // Where nothing may be mounted, the test below fails the same writes in another way.
    let Some(disk) = SmallDisk::mount(&database) else { return };
    let start = || disk.start(&database);
    answers_are_true_again(start(), |_| disk.fill(), |_| disk.make_room(), start).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_failed_writes_every_answer_of_200_is_true() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    // The signal that comes with the limit is ignored, and the write fails.
    let start = || {
        let command = database.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(command.get_program()).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.envs(ADMIN);
        Server::spawn(shell)
    };
    let fill = |server: &Server| limit_files(server, "4096");
    let make_room = |server: &Server| limit_files(server, "unlimited");
    answers_are_true_again(start(), fill, make_room, start).await;
}
