//! A store in memory on which all can go wrong that goes wrong between a program and its storage.
//!
//! A [`Disk`] is what is stored. A [`Wire`] is one runner's connection to it: it counts calls and makes some of them fail.
//! What is put can be read at once and is safe once the call has answered, as on a local disk that is synced before the
//! answer; [`Disk::power_loss`] takes away what was not safe. [`Disk::unsynced`] is a disk that forgets to sync some.

use super::dice::Dice;
use super::trace::Trace;
use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The folder of the storage within the disk; sources' files lie beside it.
pub(super) const LAKE: &str = "lake";

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing is done; the server is busy (500, 503, 429).
    Refused,
    /// It is done; the answer is a timeout.
    AnswerLost,
    /// It is done, sent again, and meets its own result: 412 where it must not exist.
    SentTwice,
    /// The answer is a timeout; some calls later it is done all the same.
    Late,
    /// 409 where it must not exist: nothing is done, and nobody else has done it.
    Conflict,
    /// A listing comes in another order and names objects twice.
    Muddled,
    /// The process dies before the call.
    Dies,
    /// The process dies after the call, before the answer.
    DiesAfter,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    List,
    Put,
    /// Put if absent.
    Create,
    Delete,
    Copy,
}

impl Kind {
    fn writes(self) -> bool {
        matches!(self, Kind::Put | Kind::Create | Kind::Delete | Kind::Copy)
    }
}

impl Fault {
    /// Whether a call of this kind can have this fault, and not the same as another one.
    pub(super) fn concerns(self, kind: Kind) -> bool {
        match self {
            Fault::Refused | Fault::Dies => true,
            Fault::AnswerLost | Fault::Late | Fault::DiesAfter => kind.writes(),
            Fault::SentTwice | Fault::Conflict => kind == Kind::Create,
            Fault::Muddled => kind == Kind::List,
        }
    }
}

/// Which calls go wrong.
#[derive(Clone, Debug)]
pub(super) enum Weather {
    Calm,
    /// One call, counted from 1.
    At(usize, Fault),
    /// So many of a hundred, by chance, with one of these faults.
    Share(usize, &'static [Fault], Dice),
    /// Every call that can have it.
    All(Fault),
}

/// One call, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) path: String,
}

/// A put that is on its way: calls until it lands, its name, and what it puts where.
type Late = (usize, String, Path, PutPayload, PutOptions);

/// What is stored.
#[derive(Debug, Default)]
pub(super) struct Disk {
    objects: InMemory,
    /// Objects that can be read and are not safe yet, with what was there before.
    volatile: Mutex<BTreeMap<Path, Option<bytes::Bytes>>>,
    /// Puts on their way, each with the number of calls until they land.
    late: Mutex<Vec<Late>>,
    /// Names that end like this are never synced.
    unsynced: Option<&'static str>,
    pub(super) trace: Trace,
}

impl Disk {
    /// A disk that forgets to sync what ends like this.
    pub(super) fn unsynced(end: &'static str) -> Disk {
        Disk { unsynced: Some(end), ..Disk::default() }
    }

    /// A copy that goes its own way.
    pub(super) fn fork(&self) -> Arc<Disk> {
        Arc::new(Disk { objects: self.objects.fork(), unsynced: self.unsynced, ..Disk::default() })
    }

    /// Puts a file where a source finds it.
    pub(super) async fn deliver(&self, path: &Path, bytes: &[u8]) {
        self.objects.put(path, bytes.to_vec().into()).await.unwrap();
    }

    /// All objects below a folder.
    pub(super) async fn objects(&self, folder: &str) -> BTreeMap<String, bytes::Bytes> {
        let prefix = Path::from(folder);
        let mut all = BTreeMap::new();
        for object in self.objects.list(Some(&prefix)).collect::<Vec<_>>().await {
            let path = object.unwrap().location;
            let name = path.as_ref().trim_start_matches(folder).trim_start_matches('/').to_owned();
            all.insert(name, self.objects.get(&path).await.unwrap().bytes().await.unwrap());
        }
        all
    }

    /// The power goes and comes back: what was not safe is as before, what was on its way never lands.
    pub(super) async fn power_loss(&self) {
        self.late.lock().unwrap().clear();
        let lost = std::mem::take(&mut *self.volatile.lock().unwrap());
        for (path, before) in lost {
            match before {
                Some(bytes) => _ = self.objects.put(&path, bytes.into()).await.unwrap(),
                None => self.objects.delete(&path).await.unwrap(),
            }
        }
    }

    async fn put(&self, runner: &str, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let (bytes, create) = (bytes::Bytes::from(payload.clone()), options.mode == PutMode::Create);
        let before = match self.objects.get(path).await {
            Ok(found) => Some(found.bytes().await?),
            Err(_) => None,
        };
        let result = self.objects.put_opts(path, payload, options).await?;
        self.volatile.lock().unwrap().entry(path.clone()).or_insert(before);
        if create && let Some(path) = path.as_ref().strip_prefix(LAKE) {
            self.trace.landed(runner, path.trim_start_matches('/'), &bytes);
        }
        // A data file takes longer than an entry of the log: who does not wait for it is found out.
        for _ in 0..if path.as_ref().ends_with(".parquet") { 16 } else { 1 } {
            tokio::task::yield_now().await;
        }
        if self.unsynced.is_none_or(|end| !path.as_ref().ends_with(end)) {
            self.volatile.lock().unwrap().remove(path);
        }
        Ok(result)
    }

    /// Another call is made: what is late comes nearer.
    fn tick(&self) {
        let due: Vec<_> = {
            let mut late = self.late.lock().unwrap();
            late.iter_mut().for_each(|put| put.0 -= 1);
            late.extract_if(.., |put| put.0 == 0).collect()
        };
        for (_, runner, path, payload, options) in due {
            let (bytes, create) = (bytes::Bytes::from(payload.clone()), options.mode == PutMode::Create);
            let landed = self.objects.put_opts(&path, payload, options).now_or_never();
            if create
                && matches!(landed, Some(Ok(_)))
                && let Some(path) = path.as_ref().strip_prefix(LAKE)
            {
                self.trace.landed(&runner, path.trim_start_matches('/'), &bytes);
            }
        }
    }
}

/// One runner's connection to a disk.
#[derive(Debug)]
pub(super) struct Wire {
    disk: Arc<Disk>,
    pub(super) runner: String,
    weather: Mutex<Weather>,
    calls: Mutex<Vec<Call>>,
    cut: AtomicBool,
}

impl Wire {
    pub(super) fn new(disk: &Arc<Disk>, runner: &str, weather: Weather) -> Arc<Wire> {
        let (weather, calls) = (Mutex::new(weather), Mutex::default());
        Arc::new(Wire { disk: disk.clone(), runner: runner.to_owned(), weather, calls, cut: AtomicBool::new(false) })
    }

    pub(super) fn calm(disk: &Arc<Disk>) -> Arc<Wire> {
        Wire::new(disk, "calm", Weather::Calm)
    }

    pub(super) fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// The calls made so far.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The process is dead: nothing of it reaches the disk any more.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// Counts a call and says what goes wrong with it.
    fn begin(&self, kind: Kind, path: Option<&Path>) -> Result<Option<Fault>> {
        if self.is_cut() {
            return Err(error("the process is dead"));
        }
        self.disk.tick();
        let mut calls = self.calls.lock().unwrap();
        calls.push(Call { kind, path: path.map(ToString::to_string).unwrap_or_default() });
        let fault = match &mut *self.weather.lock().unwrap() {
            Weather::Calm => None,
            Weather::At(n, fault) => (*n == calls.len()).then_some(*fault),
            Weather::Share(share, faults, dice) => dice.percent(*share).then(|| dice.pick(faults)),
            Weather::All(fault) => Some(*fault),
        };
        match fault.filter(|fault| fault.concerns(kind)) {
            Some(Fault::Refused) => Err(error("503 Slow Down")),
            Some(Fault::Dies) => {
                self.cut();
                Err(error("the process is dead"))
            }
            fault => Ok(fault),
        }
    }
}

fn error(reason: &'static str) -> Error {
    Error::Generic { store: "simulated", source: reason.into() }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({})", self.runner)
    }
}

#[async_trait]
impl ObjectStore for Wire {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let kind = if options.mode == PutMode::Create { Kind::Create } else { Kind::Put };
        let exists = || Error::AlreadyExists { path: location.to_string(), source: "409 or 412".into() };
        let fault = self.begin(kind, Some(location))?;
        match fault {
            Some(Fault::Conflict) => return Err(exists()),
            Some(Fault::Late) => {
                let put = (7, self.runner.clone(), location.clone(), payload, options);
                self.disk.late.lock().unwrap().push(put);
                return Err(error("timed out"));
            }
            _ => {}
        }
        let done = self.disk.put(&self.runner, location, payload, options).await;
        match fault {
            Some(Fault::AnswerLost) => Err(error("timed out")),
            Some(Fault::SentTwice) => Err(exists()),
            Some(Fault::DiesAfter) => {
                self.cut();
                Err(error("the process is dead"))
            }
            _ => done,
        }
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.begin(Kind::Put, Some(location))?;
        self.disk.objects.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.begin(Kind::Get, Some(location))?;
        self.disk.objects.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.begin(Kind::Delete, None) {
            Err(error) => stream::once(async { Err(error) }).boxed(),
            Ok(fault) => {
                let deleted = self.disk.objects.delete_stream(locations);
                match fault {
                    None => deleted,
                    Some(_) => deleted.map(|_| Err(error("timed out"))).boxed(),
                }
            }
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.begin(Kind::List, prefix) {
            Err(error) => stream::once(async { Err(error) }).boxed(),
            Ok(None) => self.disk.objects.list(prefix),
            Ok(Some(_)) => {
                let all = self.disk.objects.list(prefix).collect::<Vec<_>>();
                stream::once(all.map(|all| stream::iter(muddled(all)))).flatten().boxed()
            }
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let fault = self.begin(Kind::List, prefix)?;
        let mut listing = self.disk.objects.list_with_delimiter(prefix).await?;
        if fault.is_some() {
            let all = muddled(listing.objects.into_iter().map(Ok).collect());
            listing.objects = all.into_iter().collect::<Result<_>>()?;
        }
        Ok(listing)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.begin(Kind::Copy, Some(to))?;
        self.disk.objects.copy_opts(from, to, options).await
    }
}

/// The last first, and every second object twice.
fn muddled(all: Vec<Result<ObjectMeta>>) -> Vec<Result<ObjectMeta>> {
    let mut out = vec![];
    for (n, object) in all.into_iter().enumerate() {
        if let (1, Ok(meta)) = (n % 2, &object) {
            out.push(Ok(meta.clone()));
        }
        out.push(object);
    }
    out.reverse();
    out
}
