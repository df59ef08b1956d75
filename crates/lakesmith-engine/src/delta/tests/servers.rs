//! Object stores on the loopback, that the tests start and stop. `scripts/test` installs them; where it cannot, the tests
//! that need one pass without a check, and it says so.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A server that ends with this value, and with this process.
pub(crate) struct Server {
    child: Child,
    asks: Option<ChildStdin>,
    says: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Server {
    /// S3 by moto, with a bucket `lake`. `options` are those of `scripts/object_storage.py s3`.
    pub(crate) fn s3(options: &[&str]) -> Option<Server> {
        let python = std::env::var("LAKESMITH_MOTO").ok()?;
        Some(Self::start(&python, &[&["s3"], options].concat()))
    }

    /// Azure Blob Storage by azurite, with a container `lake`.
    pub(crate) fn azure() -> Option<Server> {
        let azurite = std::env::var("LAKESMITH_AZURITE").ok()?;
        Some(Self::start("python3", &["azure", &azurite]))
    }

    fn start(python: &str, arguments: &[&str]) -> Server {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/object_storage.py");
        let mut command = Command::new(python);
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (asks, says) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Server { child, asks, says, port: 0 };
        let line = server.line();
        server.port = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        server
    }

    /// How many requests it answered since the last time, by kind.
    #[allow(dead_code, reason = "not every test binary counts")]
    pub(crate) fn counts(&mut self) -> BTreeMap<String, u64> {
        let counts = self.ask("count");
        counts
            .split_whitespace()
            .map(|one| one.split_once('=').unwrap())
            .map(|(k, n)| (k.to_owned(), n.parse().unwrap()))
            .collect()
    }

    /// Puts a file into the bucket.
    #[allow(dead_code, reason = "not every test binary puts")]
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let said = self.ask(&format!("put {} {name}", file.path().display()));
        assert_eq!(said, "put", "{name}");
    }

    /// Takes an object away.
    #[allow(dead_code, reason = "not every test binary deletes")]
    pub(crate) fn delete(&mut self, name: &str) {
        assert_eq!(self.ask(&format!("delete {name}")), "deleted");
    }

    /// What the server says to a line.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.asks.as_ref().unwrap(), "{line}").unwrap();
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input is the end of the server, and of what it started.
        drop(self.asks.take());
        let _ = self.child.wait();
    }
}
