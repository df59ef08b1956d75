//! Sources in buckets, in folders of dates, and told of by a queue: read as they arrive, once, by whoever may.

use crate::double::{Answer, Asked, Double, bucket};
use crate::lakesmith;
use crate::servers::Server;
use crate::tier::{amount, seed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A project of one source table, with what the environment says.
struct House {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl House {
    /// `source` is what its file says after `tables:` and before it; the table is `bronze.shop_orders`.
    fn new(source: &str, table: &str, environment: &[(&str, &str)]) -> House {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("sources")).unwrap();
        fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: acme\n").unwrap();
        let text = format!("source: shop\ntype: files\n{source}\ntables:\n  orders: {table}\n");
        fs::write(folder.path().join("sources/shop.yaml"), text).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        House { folder, environment }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = lakesmith();
        command.current_dir(self.path()).args(arguments).envs(self.environment.iter().cloned());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The report on the table.
    fn run(&self, arguments: &[&str]) -> Value {
        let output = self.output(&[&["run", "--format", "json"], arguments].concat());
        assert!(output.status.success(), "{}", told(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["flows"][0].clone()
    }

    /// The files that rows came from, in order, each as often as it has rows.
    fn files(&self) -> Vec<String> {
        let sql = "SELECT _source_file FROM bronze.shop_orders ORDER BY _source_file";
        let output = self.output(&["query", "--format", "json", sql]);
        assert!(output.status.success(), "{}", told(&output));
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        rows.iter().map(|row| row["_source_file"].as_str().unwrap().to_owned()).collect()
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

const ODD: [&str; 7] = ["a b.json", "a#b.json", "q?x=1&y.json", "a%2Fb.json", "ü+~@'.json", "🙂.json", "deep/x.json"];

fn s3_source(endpoint: &str) -> String {
    format!(
        "path: s3://lake/landing\nconnection:\n  endpoint: {endpoint}\n  allow_http: true\n  region: us-east-1\n  \
         access_key_id: ${{secret:env:SHOP_KEY_ID}}\n  secret_access_key: ${{secret:file:secrets/key}}"
    )
}

fn on_s3(server: &Server, more: &str, table: &str) -> House {
    let source = s3_source(&format!("http://127.0.0.1:{}", server.port));
    let house = House::new(&format!("{source}{more}"), table, &[("SHOP_KEY_ID", "testing")]);
    house.put("secrets/key", "the-canary-secret\n");
    house
}

#[test]
fn f8_a_source_on_s3_is_read_once_under_odd_names() {
    let Some(mut server) = Server::s3(&[]) else { return };
    let house = on_s3(&server, "", "{ path: \"**/*.json\" }");
    for name in ODD {
        server.put(&format!("landing/{name}"), "{\"a\":1}\n");
    }
    server.put("landing-elsewhere/x.json", "{\"a\":1}\n");
    server.put("landing/other.csv", "a\n1\n");
    assert_eq!(house.run(&[])["counts"]["files"], ODD.len());
    assert_eq!(house.files(), sorted(&ODD));
    assert_eq!(house.run(&[])["status"], "up_to_date");
    server.put("landing/new.json", "{\"a\":1}\n");
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(house.files().len(), ODD.len() + 1);
}

#[test]
fn f8_a_source_on_azure_is_read_once_under_odd_names() {
    let Some(mut server) = Server::azure() else { return };
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let environment = [("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", endpoint.as_str())];
    let source = "path: abfss://lake@devstoreaccount1.dfs.core.windows.net/landing";
    let house = House::new(source, "{ path: \"**/*.json\" }", &environment);
    for name in ODD {
        server.put(&format!("landing/{name}"), "{\"a\":1}\n");
    }
    house.run(&[]);
    assert_eq!(house.files(), sorted(&ODD));
    server.put("landing/new.json", "{\"a\":1}\n");
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(house.run(&[])["status"], "up_to_date");
}

/// What a bucket `lake` of a double holds.
type Held = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

fn held(names: &[&str]) -> Held {
    Arc::new(Mutex::new(names.iter().map(|name| (format!("landing/{name}"), b"{\"a\":1}\n".to_vec())).collect()))
}

#[test]
fn f8_a_source_on_google_is_read_once_under_odd_names() {
    let objects = held(&ODD);
    let holds = objects.clone();
    let double = Double::start(move |asked, _| bucket("lake", &holds.lock().unwrap(), asked, 3));
    let source =
        format!("path: gs://lake/landing\nconnection: {{ endpoint: \"{}\", allow_http: true, anonymous: true }}", double.url);
    let house = House::new(&source, "{ path: \"**/*.json\" }", &[]);
    house.run(&[]);
    assert_eq!(house.files(), sorted(&ODD));
    objects.lock().unwrap().insert("landing/new.json".to_owned(), b"{\"a\":1}\n".to_vec());
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(house.run(&[])["status"], "up_to_date");
}

#[test]
fn s1_s2_a_source_on_s3_is_read_whole_where_a_tenth_of_the_answers_fail() {
    let seed = (seed() % 1_000_000_007).to_string();
    let Some(mut server) = Server::s3(&["--fail", "10", "--seed", &seed]) else { return };
    let house = on_s3(&server, "", "{ path: \"*.json\" }");
    let count = amount(40, 80, 400);
    for n in 0..count {
        server.put(&format!("landing/{n}.json"), "{\"a\":1}\n");
    }
    house.run(&[]);
    assert_eq!(house.files().len(), count, "LAKESMITH_SEED={seed}");
}

#[test]
fn s1_a_source_that_refuses_for_ever_ends_with_its_name_and_the_next_run_goes_on() {
    let refuses = Arc::new(Mutex::new(true));
    let (objects, still) = (held(&["a.json"]), refuses.clone());
    let double = Double::start(move |asked, _| match *still.lock().unwrap() {
        true => Answer::of(503, "<Error><Code>SlowDown</Code></Error>").header("retry-after", 1),
        false => bucket("lake", &objects.lock().unwrap(), asked, 1000),
    });
    let house = House::new(&s3_source(&double.url), "{ path: \"*.json\" }", &[("SHOP_KEY_ID", "testing")]);
    house.put("secrets/key", "the-canary-secret\n");
    let started = Instant::now();
    let output = house.output(&["run"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(started.elapsed() < Duration::from_secs(150), "{:?}", started.elapsed());
    assert!(told(&output).contains("source-failed"), "{}", told(&output));
    assert!(told(&output).contains("bronze.shop_orders"), "{}", told(&output));
    assert!(told(&output).contains("503"), "{}", told(&output));
    assert!(!told(&output).contains("canary"), "{}", told(&output));
    *refuses.lock().unwrap() = false;
    house.run(&[]);
    assert_eq!(house.files(), ["a.json"]);
}

#[test]
fn a_secret_that_is_not_there_stops_its_source_with_its_name() {
    let house = House::new(&s3_source("http://127.0.0.1:9"), "{ path: \"*.json\" }", &[("SHOP_KEY_ID", "testing")]);
    let output = house.output(&["run"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("the secret in the file `secrets/key` cannot be read"), "{}", told(&output));
}

/// The machine's own identity, as Amazon's instances have it: keys that live for two seconds.
#[test]
fn s1_credentials_of_the_machine_are_asked_for_and_renewed_while_a_run_goes_on() {
    let issued = Arc::new(Mutex::new(Vec::<Instant>::new()));
    let keys = issued.clone();
    let identity = Double::start(move |asked, _| match (asked.method.as_str(), asked.path()) {
        ("PUT", "/latest/api/token") => Answer::of(200, "session"),
        (_, "/latest/meta-data/iam/security-credentials/") if asked.header("x-aws-ec2-metadata-token") == "session" => {
            Answer::of(200, "reader")
        }
        (_, "/latest/meta-data/iam/security-credentials/reader") => {
            let mut keys = keys.lock().unwrap();
            keys.push(Instant::now());
            let expires = (chrono::Utc::now() + chrono::TimeDelta::seconds(2)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let key = format!("ASIA{}", keys.len());
            let body = format!(
                r#"{{"AccessKeyId":"{key}","SecretAccessKey":"canary","Token":"t{}","Expiration":"{expires}"}}"#,
                keys.len()
            );
            Answer::of(200, body)
        }
        _ => Answer::of(404, ""),
    });
    let names: Vec<String> = (0..8).map(|n| format!("{n}.json")).collect();
    let objects = held(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let keys = issued.clone();
    let store = Double::start(move |asked, _| {
        let key = asked.header("authorization").split("Credential=ASIA").nth(1).and_then(|rest| rest.split('/').next());
        let Some(number) = key.and_then(|key| key.parse::<usize>().ok()) else { return Answer::of(403, "no key") };
        let token_fits = asked.header("x-amz-security-token") == format!("t{number}");
        if !token_fits || keys.lock().unwrap()[number - 1].elapsed() > Duration::from_secs(3) {
            return Answer::of(403, "<Error><Code>ExpiredToken</Code></Error>");
        }
        // The listings take longer than a key lives.
        let slow = if asked.target.contains("list-type") { Duration::from_secs(3) } else { Duration::ZERO };
        bucket("lake", &objects.lock().unwrap(), asked, 4).after(slow)
    });
    let source = format!("path: s3://lake/landing\nconnection: {{ endpoint: \"{}\", allow_http: true }}", store.url);
    let house = House::new(&source, "{ path: \"*.json\" }", &[("AWS_METADATA_ENDPOINT", &identity.url)]);
    house.run(&[]);
    assert_eq!(house.files().len(), 8);
    let used: std::collections::BTreeSet<String> =
        store.asked().iter().map(|asked| asked.header("x-amz-security-token").to_owned()).collect();
    assert!(used.len() > 1, "one key was used throughout: {used:?}");
}

/// An identity of Azure: a token for the storage, asked of the machine.
#[test]
fn a_managed_identity_of_azure_is_asked_for_its_token() {
    let identity = Double::start(|asked, _| {
        let fits =
            asked.header("x-identity-header") == "who" && asked.query("resource").as_deref() == Some("https://storage.azure.com");
        match fits {
            true => {
                let expires = chrono::Utc::now().timestamp() + 3600;
                Answer::of(
                    200,
                    format!(r#"{{"access_token":"canary-token","expires_on":"{expires}","token_type":"Bearer","resource":"x"}}"#),
                )
                .header("content-type", "application/json")
            }
            false => Answer::of(400, ""),
        }
    });
    let objects = held(&["a.json"]);
    let store = Double::start(move |asked: &Asked, _| {
        if asked.header("authorization") != "Bearer canary-token" {
            return Answer::of(403, "");
        }
        if asked.query("comp").as_deref() == Some("list") {
            let head = "<Content-Length>8</Content-Length><Last-Modified>Sun, 01 Mar 2026 10:00:00 GMT</Last-Modified><Etag>\"8\"</Etag>";
            let blob =
                format!("<Blob><Name>landing/a.json</Name><Properties>{head}<Content-Type>x</Content-Type></Properties></Blob>");
            return Answer::of(200, format!("<EnumerationResults><Blobs>{blob}</Blobs><NextMarker/></EnumerationResults>"));
        }
        bucket("acme/lake", &objects.lock().unwrap(), asked, 1000)
    });
    let source =
        format!("path: az://lake/landing\nconnection: {{ endpoint: \"{}/acme\", allow_http: true, account: acme }}", store.url);
    let environment = [("IDENTITY_HEADER", "who"), ("AZURE_MSI_ENDPOINT", identity.url.as_str())];
    let house = House::new(&source, "{ path: \"*.json\" }", &environment);
    house.run(&[]);
    assert_eq!(house.files(), ["a.json"]);
    assert_eq!(identity.asked().len(), 1, "the token is kept while it is good");
}

#[test]
fn late_files_of_old_dates_are_found_by_listing_everything() {
    let house = House::new(
        "path: landing",
        "{ path: \"{yyyy}/{MM}/{dd}/*.json\", format: json, look_back: 1 day, relist: 52 weeks }",
        &[],
    );
    let day = |day: &str, name: &str| house.put(&format!("landing/2026/03/{day}/{name}.json"), "{\"a\":1}\n");
    day("01", "a");
    day("10", "a");
    assert_eq!(house.run(&[])["counts"]["files"], 2);
    assert_eq!(house.run(&[])["status"], "up_to_date");
    day("01", "late");
    day("09", "late");
    day("11", "new");
    assert_eq!(house.run(&[])["counts"]["files"], 2, "those of the last day and after");
    assert_eq!(house.run(&[])["status"], "up_to_date");
    assert_eq!(house.run(&["--relist"])["counts"]["files"], 1);
    assert_eq!(house.files().len(), 5);
    // Another path is another listing: nothing of it was ever listed whole.
    day("02", "later");
    let path = house.path().join("sources/shop.yaml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("{dd}/*.json", "{dd}/*.js*")).unwrap();
    assert_eq!(house.run(&[])["counts"]["files"], 1);
}

#[test]
fn names_in_order_are_found_from_the_last_one_and_others_by_listing_everything() {
    let house = House::new("path: landing", "{ path: \"*.json\", listing: ordered, relist: 52 weeks }", &[]);
    let put = |name: &str| house.put(&format!("landing/{name}.json"), "{\"a\":1}\n");
    put("b");
    put("c");
    house.run(&[]);
    house.run(&[]);
    put("a");
    put("d");
    house.run(&[]);
    assert_eq!(house.files(), ["b.json", "c.json", "d.json"]);
    house.run(&["--relist"]);
    assert_eq!(house.files(), ["a.json", "b.json", "c.json", "d.json"]);
}

#[test]
fn a_queue_tells_of_new_files_and_what_it_does_not_is_found_by_listing() {
    let Some(mut server) = Server::s3(&[]) else { return };
    // The queue is told of names that begin with `a` alone: the others stand for what is never told of.
    let queue = server.ask("queue landing/a");
    let house = on_s3(&server, &format!("\nevents: {{ queue: \"{queue}\" }}"), "{ path: \"*.json\", relist: 52 weeks }");
    server.put("landing/a 1+ü.json", "{\"a\":1}\n");
    assert_eq!(house.run(&[])["counts"]["files"], 1, "the first time everything is listed");
    server.put("landing/a2.json", "{\"a\":1}\n");
    server.put("landing/b.json", "{\"a\":1}\n");
    server.put("landing/a-gone.json", "{\"a\":1}\n");
    server.delete("landing/a-gone.json");
    server.put("landing/a-other.csv", "a\n");
    server.counts();
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(server.counts().get("LIST"), None, "nothing is listed");
    assert_eq!(house.files(), ["a 1+ü.json", "a2.json"]);
    assert_eq!(server.ask(&format!("waiting {queue}")), "0", "what is committed is deleted");
    // An object that is written anew is told of again, and read again.
    server.put("landing/a2.json", "{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(house.files().len(), 4);
    assert_eq!(house.run(&[])["status"], "up_to_date");
    assert_eq!(house.run(&["--relist"])["counts"]["files"], 1);
    assert_eq!(house.files().last().unwrap(), "b.json");
    assert_eq!(house.run(&[])["status"], "up_to_date");
}

/// Event Grid is a double here: its message is put into the queue as it would be.
#[test]
fn a_queue_of_azure_tells_of_new_blobs() {
    let Some(mut server) = Server::azure() else { return };
    let queue = server.ask("queue landing");
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let environment = [("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", endpoint.as_str())];
    let source = format!("path: abfss://lake@devstoreaccount1.dfs.core.windows.net/landing\nevents: {{ queue: \"{queue}\" }}");
    let house = House::new(&source, "{ path: \"*.json\", relist: 52 weeks }", &environment);
    server.put("landing/1.json", "{\"a\":1}\n");
    house.run(&[]);
    server.put("landing/a b#ü.json", "{\"a\":1}\n");
    server.put("landing/untold.json", "{\"a\":1}\n");
    assert_eq!(house.run(&[])["status"], "up_to_date");
    for subject in
        ["/blobServices/default/containers/lake/blobs/landing/a b#ü.json", "/blobServices/default/containers/other/blobs/x"]
    {
        let event = format!(r#"[{{"eventType":"Microsoft.Storage.BlobCreated","subject":"{subject}","data":{{}}}}]"#);
        house.put("event", &event);
        assert_eq!(server.ask(&format!("tell {}", house.path().join("event").display())), "told");
    }
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(house.files(), ["1.json", "a b#ü.json"]);
    assert_eq!(server.ask(&format!("waiting {queue}")), "1", "what is committed is deleted, what is of another container stays");
    house.run(&["--relist"]);
    assert_eq!(house.files().len(), 3);
}

/// Pub/Sub, the bucket and the machine's identity are doubles here. A message that is not acknowledged is handed out again.
#[test]
fn a_subscription_of_google_tells_of_new_objects() {
    let identity = Double::start(|asked, _| match asked.header("metadata-flavor") {
        "Google" => Answer::of(200, r#"{"access_token":"canary-token","expires_in":3600,"token_type":"Bearer"}"#),
        _ => Answer::of(403, ""),
    });
    let objects = held(&["1.json"]);
    let holds = objects.clone();
    let store = Double::start(move |asked, _| match asked.header("authorization") {
        "Bearer canary-token" => bucket("lake", &holds.lock().unwrap(), asked, 1000),
        _ => Answer::of(401, ""),
    });
    let waiting: Arc<Mutex<Vec<Value>>> = Arc::default();
    let messages = waiting.clone();
    let handed_out = Mutex::new(Vec::<Value>::new());
    let pubsub = Double::start(move |asked, _| {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let mut messages = messages.lock().unwrap();
        if asked.header("authorization") != "Bearer canary-token" {
            return Answer::of(401, r#"{"error":{"status":"UNAUTHENTICATED"}}"#);
        }
        match asked.target.rsplit_once(':') {
            Some(("/v1/projects/acme/subscriptions/landing", "pull")) => {
                let mut handed_out = handed_out.lock().unwrap();
                let new = || messages.iter().filter(|message| !handed_out.contains(&message["ackId"]));
                // The first one is told of twice, as Pub/Sub may.
                let received: Vec<Value> = new().take(1).chain(new()).cloned().collect();
                handed_out.extend(received.iter().map(|message| message["ackId"].clone()));
                Answer::of(200, serde_json::json!({ "receivedMessages": received }).to_string())
            }
            Some((_, "modifyAckDeadline")) => Answer::of(200, "{}"),
            Some((_, "acknowledge")) => {
                messages.retain(|message| !body["ackIds"].as_array().unwrap().contains(&message["ackId"]));
                Answer::of(200, "{}")
            }
            _ => Answer::of(404, r#"{"error":{"status":"NOT_FOUND"}}"#),
        }
    });
    let queue = format!("{}/v1/projects/acme/subscriptions/landing", pubsub.url);
    let source = format!(
        "path: gs://lake/landing\nconnection: {{ endpoint: \"{}\", allow_http: true }}\nevents: {{ queue: \"{queue}\" }}",
        store.url
    );
    let metadata = identity.url.trim_start_matches("http://").to_owned();
    let environment = [("GCE_METADATA_HOST", metadata.as_str()), ("GCE_METADATA_IP", metadata.as_str()), ("HOME", "/nowhere")];
    let house = House::new(&source, "{ path: \"*.json\", relist: 52 weeks }", &environment);
    house.run(&[]);
    for name in ["a b#ü.json", "untold.json"] {
        objects.lock().unwrap().insert(format!("landing/{name}"), b"{\"a\":1}\n".to_vec());
    }
    let tell = |id: &str, key: &str, event: &str| {
        let attributes = serde_json::json!({ "bucketId": "lake", "objectId": key, "eventType": event });
        waiting.lock().unwrap().push(serde_json::json!({ "ackId": id, "message": { "attributes": attributes, "data": "" } }));
    };
    tell("x1", "landing/a b#ü.json", "OBJECT_FINALIZE");
    tell("x2", "landing/gone.json", "OBJECT_FINALIZE");
    tell("x3", "landing/1.json", "OBJECT_DELETE");
    assert_eq!(house.run(&[])["counts"]["files"], 1);
    assert_eq!(house.files(), ["1.json", "a b#ü.json"]);
    assert!(waiting.lock().unwrap().is_empty(), "what is committed is acknowledged: {waiting:?}");
    house.run(&["--relist"]);
    assert_eq!(house.files().len(), 3);
    // Who may not read the subscription is told so.
    let path = house.path().join("sources/shop.yaml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("subscriptions/landing", "subscriptions/nobodys")).unwrap();
    let output = house.output(&["run"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("404 NOT_FOUND"), "{}", told(&output));
    assert!(!told(&output).contains("canary"), "{}", told(&output));
}

#[test]
fn a_run_that_ends_early_leaves_no_name_in_order_behind() {
    // Batches of one file each, in the order of their times: the greatest name comes first.
    let house = House::new("path: landing", "{ path: \"*.json\", listing: ordered, relist: 52 weeks }", &[]);
    house.put("lakehouse.yaml", "lakehouse: acme\ndefaults: { max_batch: 1B }\n");
    let put = |name: &str, minute: u64| {
        house.put(&format!("landing/{name}.json"), "{\"a\":1}\n");
        let file = fs::File::options().write(true).open(house.path().join(format!("landing/{name}.json"))).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_772_000_000 + 60 * minute)).unwrap();
    };
    put("a", 1);
    house.run(&[]);
    put("z", 2);
    put("b", 3);
    put("c", 4);
    let killed = house.command(&["run"]).env("LAKESMITH_ABORT_AT", "target-committed bronze.shop_orders 2").output().unwrap();
    assert!(!killed.status.success(), "{}", told(&killed));
    house.run(&[]);
    assert_eq!(house.files(), ["a.json", "b.json", "c.json", "z.json"]);
    assert_eq!(house.run(&[])["status"], "up_to_date");
}

#[test]
fn a_watched_bucket_is_asked_again() {
    let objects = held(&["1.json"]);
    let holds = objects.clone();
    let store = Double::start(move |asked, _| bucket("lake", &holds.lock().unwrap(), asked, 1000));
    let source =
        format!("path: gs://lake/landing\nconnection: {{ endpoint: \"{}\", allow_http: true, anonymous: true }}", store.url);
    let house = House::new(&source, "{ path: \"*.json\" }", &[]);
    let watching = house.command(&["run", "--watch"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _watching = Watching(watching);
    let arrive = |count: usize| {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let output = house.output(&["query", "--format", "json", "SELECT a FROM bronze.shop_orders"]);
            let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
            if rows.len() == count {
                break;
            }
            assert!(Instant::now() < deadline, "{} rows have arrived, not {count}", rows.len());
            std::thread::sleep(Duration::from_millis(500));
        }
    };
    arrive(1);
    // Sooner than everything is run without being told, which is every five minutes.
    objects.lock().unwrap().insert("landing/2.json".to_owned(), b"{\"a\":1}\n".to_vec());
    arrive(2);
}

/// A run that watches, until it is dropped.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn k7_what_a_queue_told_is_told_again_after_a_kill() {
    let Some(mut server) = Server::s3(&[]) else { return };
    let queue = server.ask("queue landing/");
    let house = on_s3(&server, &format!("\nevents: {{ queue: \"{queue}\" }}"), "{ path: \"*.json\", relist: 52 weeks }");
    server.put("landing/1.json", "{\"a\":1}\n");
    house.run(&[]);
    house.run(&[]);
    server.put("landing/2.json", "{\"a\":1}\n");
    let killed = house.command(&["run"]).env("LAKESMITH_ABORT_AT", "recorded bronze.shop_orders 2").output().unwrap();
    assert!(!killed.status.success(), "{}", told(&killed));
    assert_ne!(server.ask(&format!("waiting {queue}")), "0", "a message is deleted once its batch is committed");
    house.run(&[]);
    assert_eq!(house.files(), ["1.json", "2.json"]);
}

#[test]
fn s1_a_queue_that_is_not_there_stops_its_source_with_its_name() {
    let Some(mut server) = Server::s3(&[]) else { return };
    let queue = format!("http://127.0.0.1:{}/123456789012/nobodys", server.port);
    let house = on_s3(&server, &format!("\nevents: {{ queue: \"{queue}\" }}"), "{ path: \"*.json\" }");
    server.put("landing/1.json", "{\"a\":1}\n");
    house.run(&[]);
    let output = house.output(&["run"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains(&format!("the queue `{queue}` cannot be read")), "{}", told(&output));
    assert!(!told(&output).contains("canary"), "{}", told(&output));
}

#[test]
fn f8_a_pipe_and_a_link_to_elsewhere_are_told_and_the_files_are_read() {
    let house = House::new("path: landing", "{ path: \"*.json\" }", &[]);
    house.put("landing/a.json", "{\"a\":1}\n");
    house.put("elsewhere/secret.json", "{\"a\":2}\n");
    assert!(Command::new("mkfifo").arg(house.path().join("landing/pipe.json")).status().unwrap().success());
    std::os::unix::fs::symlink("../elsewhere/secret.json", house.path().join("landing/link.json")).unwrap();
    let output = house.output(&["run"]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains("link.json: passed over: it is a link that leads out"), "{}", told(&output));
    assert!(told(&output).contains("pipe.json: passed over: it is a pipe"), "{}", told(&output));
    assert_eq!(house.files(), ["a.json"]);
    assert_eq!(house.run(&[])["status"], "up_to_date", "what was told has its receipt");
    // Once it is a file it is read.
    fs::remove_file(house.path().join("landing/link.json")).unwrap();
    house.put("landing/link.json", "{\"a\":3}\n");
    house.run(&[]);
    assert_eq!(house.files(), ["a.json", "link.json"]);
}

#[test]
fn many_small_files_are_packed_into_few() {
    let house = House::new("path: landing", "{ path: \"*.json\" }", &[]);
    let count = amount(2_000, 10_000, 10_000);
    for n in 0..count {
        house.put(&format!("landing/{n}.json"), "{\"a\":1}\n");
    }
    let report = house.run(&[]);
    assert_eq!((&report["counts"]["files"], &report["outcomes"]["inserted"]), (&count.into(), &count.into()));
    let mut data_files = 0;
    let mut folders = vec![house.path().join(".lake/bronze/shop/orders")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true if !path.ends_with("_delta_log") => folders.push(path),
                true => {}
                false => data_files += usize::from(path.extension().is_some_and(|extension| extension == "parquet")),
            }
        }
    }
    assert!(data_files <= 4, "{count} files became {data_files}");
}
