//! A path can be written in many ways, and programs differ in which of them are the same path.
//! Whatever the proxy lets through without the scope of a path must not be that path to any
//! service behind it.

use futures_util::future::join_all;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::proxy::Kind;
use super::raw::{RawStage, Reply};
use super::readers::{PROTECTED, Readers};
use crate::support::{Backend, TestDatabase};

in_each_proxy!(
    no_spelling_of_a_path_reaches_a_service_without_its_scope,
    usual_paths_pass_and_mean_what_was_sent,
);

/// What stands before a protected path, without the slash. `{x}` is another path, `{host}` is
/// the proxy.
const BEFORE: [&str; 60] = [
    "/",
    "//",
    "///",
    "/./",
    "/%2e/",
    "/;a/",
    "/.;/",
    "/%3b/",
    "\\",
    "/.\\",
    "/%2f",
    "/%5c",
    "/%252f",
    "/{x}/../",
    "/{x}//../",
    "/{x}/%2e%2e/",
    "/{x}/.%2E/",
    "/{x}/%2e./",
    "/{x}/..;/",
    "/{x}/..;a=b/",
    "/{x}/..%3b/",
    "/{x}/%2e%2e;/",
    "/{x};/../",
    "/{x}%3b/../",
    "/{x}/..%2f",
    "/{x}%2f..%2f",
    "/{x}/..%252f",
    "/{x}/%252e%252e/",
    "/{x}/%25%32%65%25%32%65/",
    "/{x}/..%5c",
    "/{x}%5c..%5c",
    "/{x}\\..\\",
    "/{x}/..\\",
    "/%/../",
    "/%zz/../",
    "/{x}/%zz/../../",
    "/%00/../",
    "/{x}/.%00./",
    "/{x}/..%00/",
    "/{x}/.%09./",
    "/{x}/.%0d./",
    "/{x}/\t../",
    "/{x}/\u{1}/../",
    "/{x}/..%20/",
    "/{x}/...//",
    "/%c0%afx/../",
    "/{x}/..%c0%af",
    "/{x}/%c0%ae%c0%ae/",
    "/{x}/%e0%80%ae%e0%80%ae/",
    "/{x}/%f0%80%80%ae./",
    "/{x}/%u002e%u002e/",
    "/{x}/..%ef%bc%8f",
    "/{x}/..\u{c0}\u{af}",
    "/{x}/..#/",
    "/{x}/..?/",
    "/{x}%3f/../",
    "http://{host}/",
    "http://{host}/%zz/../",
    "http://{host}/{x}/../",
    "http://{host}\\",
];

/// What is no path, or one of another server, and ends in one.
const OTHER_FORMS: [&str; 5] =
    ["", "http:", "http:///", "http://another@{host}/", "/http://{host}/"];

/// What stands after it.
const AFTER: [&str; 24] = [
    "",
    "/",
    "/1",
    "?x",
    "?x=/catalog",
    "#x",
    ";x",
    "%3bx",
    "%20",
    "%09",
    "%00",
    "%0a",
    ".",
    "%2e",
    "..",
    "%",
    "/%",
    "/%zz",
    "/1%2",
    "%2f1",
    "%5c1",
    "\\",
    "%c0%af",
    "\u{c3}\u{a9}",
];

/// Other ways to write the name itself.
fn names(path: &str) -> Vec<String> {
    let (first, rest) = path.split_at(1);
    let (start, last) = path.split_at(path.len() - 1);
    let code = |letter: &str| format!("{:02x}", letter.as_bytes()[0]);
    vec![
        path.to_owned(),
        path.to_uppercase(),
        format!("{}{rest}", first.to_uppercase()),
        format!("{start}{}", last.to_uppercase()),
        format!("%{}{rest}", code(first)),
        format!("%{}{rest}", code(first).to_uppercase()),
        format!("{start}%{}", code(last)),
        format!("%{}{rest}", code(&first.to_uppercase())),
        format!("%25{}{rest}", code(first)),
        format!("%u00{}{rest}", code(first)),
        path.replace('/', "//"),
        path.replace('/', "/./"),
        path.replace('/', "/;/"),
        path.replace('/', "/%2e/"),
        path.replace('/', "%2f"),
        path.replace('/', "\\"),
        path.replace('/', ";x/"),
        path.replace('/', "/x/../"),
    ]
}

/// Every spelling of every protected path.
fn spellings(host: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    for path in PROTECTED.map(|path| &path[1..]) {
        for other in ["x", "catalog", "catalog/x", "CATALOG"] {
            let before = BEFORE.iter().chain(&OTHER_FORMS);
            spellings.extend(before.map(|before| format!("{before}{path}").replace("{x}", other)));
        }
        for name in names(path) {
            spellings.extend(AFTER.iter().map(|after| format!("/{name}{after}")));
            spellings.push(format!("/catalog/../{name}"));
            spellings.push(format!("/catalog/..;/{name}"));
        }
    }
    for spelling in &mut spellings {
        *spelling = spelling.replace("{host}", host);
    }
    spellings.sort();
    spellings.dedup();
    spellings
}

async fn no_spelling_of_a_path_reaches_a_service_without_its_scope(kind: Kind) {
    let stage = RawStage::new(kind, str::to_owned).await;
    let readers = Readers::start(stage.app.database.folder()).await;
    let admin = stage.app.admin().await;
    let body = json!({ "name": "reader", "scopes": ["orders:read"] });
    let (_, reader) = admin.create_key(&body).await;
    let headers = format!("x-api-key: {reader}\r\nConnection: close\r\n");

    let spellings = spellings(&stage.address.to_string());
    let mut failures = Vec::new();
    // Some proxies keep a connection for a second after an error.
    for some in spellings.chunks(64) {
        let asked = some.iter().map(|spelling| stage.ask("GET", spelling, &headers));
        for (spelling, reply) in some.iter().zip(join_all(asked).await) {
            failures.extend(failure(&readers, spelling, &reply).await);
        }
    }
    let (failed, all) = (failures.len(), spellings.len());
    assert!(failures.is_empty(), "{failed} of {all}:\n{}", failures.concat());
}

/// What is wrong about what happened to a spelling.
async fn failure(readers: &Readers, spelling: &str, reply: &Reply) -> Option<String> {
    let Some(target) = reply.target() else {
        let is_refused = [400, 403].contains(&reply.status);
        return (!is_refused).then(|| format!("{spelling:?} is {}\n", reply.status));
    };
    let read = readers.protected(target).await;
    (!read.is_empty()).then(|| format!("{spelling:?} arrives as {target:?}: {read:?}\n"))
}

/// The control: each reading finds a spelling that it alone, or with others, takes for the path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_reads_spellings_in_its_own_way() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let readers = Readers::start(database.folder()).await;
    assert_eq!(readers.protected("/orders/1").await.len(), 5);
    for other in ["/", "/catalog", "/catalog/draft", "/order", "/x/orders", "/catalog?/drafts"] {
        assert_eq!(readers.protected(other).await, [""; 0]);
    }
    for (reader, spelling) in [
        ("express", "/ORDERS"),
        ("url", "/.\\orders"),
        ("url", "/x\\..\\orders"),
        ("url", "/%zz/../orders"),
        ("starlette", "/%6frders"),
        ("starlette", "/orders%2f1"),
        ("request.url", "/catalog%2fdrafts"),
        ("tomcat", "/x/..;/orders"),
        ("tomcat", "/catalog/;x/drafts"),
        ("tomcat", "/x/..%5corders"),
    ] {
        let read = readers.protected(spelling).await;
        assert!(read.iter().any(|read| read.starts_with(reader)), "{reader}: {read:?}");
    }
}

/// Paths as browsers and programs send them.
const USUAL: [&str; 30] = [
    "/catalog",
    "/catalog/",
    "/catalog?",
    "/catalog?page=1",
    "/catalog/1",
    "/catalog/a/b/c/",
    "/catalog/gr%C3%B6%C3%9Fe",
    "/catalog/gr%c3%b6%c3%9fe",
    "/catalog/%E6%97%A5%E6%9C%AC%E8%AA%9E",
    "/catalog/%F0%9F%98%80",
    "/catalog/a%20b",
    "/catalog/v1.2.3/file.tar.gz",
    "/catalog/.well-known/x",
    "/catalog/a..b",
    "/catalog/a...b/c.",
    "/catalog/100%25",
    "/catalog/5%25%20off",
    "/catalog/ada@example.com",
    "/catalog/a:b,c=d+e!f$g&h'i(j)*",
    "/catalog/~ada/x_y-z",
    "/catalog/%7Eada",
    "/catalog/%5Bid%5D/page.js",
    "/catalog/[id]|x",
    "/catalog/what%3F%23",
    "/catalog/%22q%22%3Ca%3E%7Bb%7D%60%5E%7C",
    "/catalog/x?next=/../orders",
    "/catalog/x?a=%2e%2e%2f&b=%zz&c=//d\\e&d=%00",
    "/catalog/x?a?b=[c]",
    "/catalogs",
    "/drafts",
];

async fn usual_paths_pass_and_mean_what_was_sent(kind: Kind) {
    let stage = RawStage::new(kind, str::to_owned).await;
    let admin = stage.app.admin().await;
    let (_, plain) = admin.create_key(&json!({ "name": "plain" })).await;
    let body = json!({ "name": "writer", "scopes": ["orders:write"] });
    let (_, writer) = admin.create_key(&body).await;

    let long = format!("/catalog/x?q={}", "long%20".repeat(1_000));
    for path in USUAL.into_iter().chain([long.as_str()]) {
        let is_exception = path.starts_with("/catalog") && path != "/catalogs";
        for (key, passes) in [(&plain, is_exception), (&writer, true)] {
            let headers = format!("x-api-key: {key}\r\nConnection: close\r\n");
            let reply = stage.ask("GET", path, &headers).await;
            let status = if passes { 200 } else { 403 };
            assert_eq!(reply.status, status, "{path}");
            assert_eq!(reply.target().map(meaning), passes.then(|| meaning(path)), "{path}");
        }
    }
}

/// The path, decoded, and the query as it is, if there is more than a question mark.
fn meaning(target: &str) -> (Vec<u8>, &str) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (percent_decode_str(path).collect(), query)
}
