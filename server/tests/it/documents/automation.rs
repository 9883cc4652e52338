//! Runs what server/docs/automation.md shows, word for word, with a key that manages others.
//!
//! On one database: what is looked at is the snippets; `keys::management` shows both databases.

use std::fs;
use std::process::{Output, Stdio};

use serde_json::json;
use tokio::process::Command;

use super::snippets::{redirects_to, stand_in};
use crate::support::{App, Backend, Client};

const DOCUMENT: &str = include_str!("../../../docs/automation.md");

/// Where `make` installs Ansible.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/examples");

/// The example beneath this heading.
fn example(heading: &str, language: &str) -> &'static str {
    let (_, section) = DOCUMENT.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, rest) = section.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split("\n```").next().unwrap()
}

/// What the step with this name runs.
fn step(name: &str) -> String {
    let workflow = example("GitHub Actions", "yaml");
    let (_, step) = workflow.split_once(&format!("- name: {name}\n")).unwrap();
    let (_, run) = step.split_once("        run: |\n").unwrap();
    let lines = run.lines().map_while(|line| line.strip_prefix("          "));
    lines.collect::<Vec<_>>().join("\n")
}

struct Stage {
    app: App,
    admin: Client,
    key: String,
}

impl Stage {
    async fn new() -> Self {
        let app = App::start(Backend::Sqlite).await;
        let admin = app.admin().await;
        let scopes = ["keys:read", "keys:write:ci-*", "orders:write"];
        let (_, key) = admin.create_key(&json!({ "name": "automation", "scopes": scopes })).await;
        Self { app, admin, key }
    }

    async fn run(&self, program: &[&str], variables: &[(&str, &str)]) -> Output {
        self.run_at(&format!("http://{}", self.app.address), program, variables).await
    }

    async fn run_at(&self, url: &str, program: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(program[0])
            .args(&program[1..])
            .env("KEYWARD_URL", url)
            .env("KEYWARD_KEY", &self.key)
            .envs(variables.iter().copied())
            .current_dir(self.app.database.folder())
            .stdin(Stdio::null())
            .output()
            .await
            .expect("run it with `make integration`, which installs")
    }

    /// Ids of the keys whose names begin so.
    async fn made(&self, beginning: &str) -> Vec<String> {
        let keys = self.admin.keys().await;
        let keys = keys.as_array().unwrap().iter();
        let ours = keys.filter(|key| key["name"].as_str().unwrap().starts_with(beginning));
        ours.map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The key, if the run was good and showed nothing of the one that it was given.
    #[track_caller]
    fn printed(&self, output: Output) -> String {
        let errors = String::from_utf8(output.stderr).unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{errors}{printed}");
        assert!(!errors.contains(&self.key) && !printed.contains(&self.key));
        printed.trim_end().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_asked_for_again_is_rotated_and_not_made_twice() {
    let stage = Stage::new().await;
    let program = ["sh", "-euc", example("Making a key once", "sh")];
    let first = stage.printed(stage.run(&program, &[("ONCE", "one")]).await);
    stage.app.verify(&first).await.expect(200);
    let again = stage.printed(stage.run(&program, &[("ONCE", "one")]).await);
    stage.app.verify(&again).await.expect(200);
    stage.app.verify(&first).await.expect(401);
    assert_eq!(stage.made("ci-deploy").await.len(), 1);
    // The name is taken for another one, and that is no success.
    let taken = stage.run(&program, &[("ONCE", "two")]).await;
    assert!(!taken.status.success());
    assert_eq!(stage.made("ci-deploy").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_playbook_makes_a_key_once_and_prints_none() {
    let stage = Stage::new().await;
    let folder = stage.app.database.folder();
    let (playbook, file) = (folder.join("key.yml"), folder.join("key"));
    fs::write(&playbook, example("Ansible", "yaml")).unwrap();
    let (playbook, file) = (playbook.to_str().unwrap(), file.to_str().unwrap());
    let ansible = format!("{INSTALLED}/venv/bin/ansible-playbook");
    let program = [&ansible, "-vvv", "--inventory", "localhost,", playbook];
    let home = folder.to_str().unwrap();
    let variables = [("KEY_FILE", file), ("ANSIBLE_HOME", home), ("LC_ALL", "C.UTF-8")];

    let (elsewhere, requests) = stand_in().await;
    let away = redirects_to(&elsewhere, 307).await;
    assert!(!stage.run_at(&away, &program, &variables).await.status.success());
    assert!(requests.lock().unwrap().is_empty());

    let printed = stage.printed(stage.run(&program, &variables).await);
    let key = fs::read_to_string(file).unwrap();
    stage.app.verify(&key).await.expect(200);
    assert!(!printed.contains(&key) && printed.contains("changed=2"), "{printed}");
    let printed = stage.printed(stage.run(&program, &variables).await);
    assert!(printed.contains("changed=0"), "{printed}");
    assert_eq!(stage.made("ci-ansible").await.len(), 1);
    stage.app.verify(&key).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_step_makes_a_key_for_the_run_that_ends_by_itself() {
    let stage = Stage::new().await;
    let step = step("Make a key for this run");
    let file = stage.app.database.folder().join("env");
    let variables = [
        ("GITHUB_ENV", file.to_str().unwrap()),
        ("GITHUB_RUN_ID", "1658821493"),
        ("GITHUB_RUN_ATTEMPT", "1"),
    ];
    // As the runner runs a step.
    let program = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", &step];
    let printed = stage.printed(stage.run(&program, &variables).await);
    let key = printed.strip_prefix("::add-mask::").expect(&printed);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("ORDERS_KEY={key}\n"));
    assert_eq!(stage.app.verify(key).await.expect(200).data()["name"], "ci-1658821493-1");
    let made = stage.made("ci-1658821493-1").await;
    let record = stage.admin.get(&format!("/api/keys/{}", made[0])).await.expect(200).data();
    assert!(record["expiresAt"].is_string());
    // A second time it fails, and makes none.
    assert!(!stage.run(&program, &variables).await.status.success());
    assert_eq!(stage.made("ci-").await.len(), 1);
}
