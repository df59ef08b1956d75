//! How it is found out which files have arrived: what of a store is listed, how often all of it, and who tells of new ones.

use crate::choice::{Choice, choice};
use crate::fields::Fields;
use crate::location::Cloud;
use crate::names::no_effect;
use crate::scalar;
use crate::shape::{Key, Object, Shape};
use lakesmith_text::{Diagnostic, Diagnostics, Span, Spanned};
use std::time::Duration;

/// How a table's new files are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// What of the table's folder is listed.
    pub listing: Listing,
    /// With dates in the path: how far before the newest date that was read folders are listed.
    pub look_back: Duration,
    /// After how long everything is listed nevertheless.
    pub relist: Duration,
}

impl Default for Arrival {
    fn default() -> Self {
        Self { listing: Listing::Full, look_back: Duration::from_secs(3 * DAY), relist: Duration::from_secs(DAY) }
    }
}

const DAY: u64 = 86_400;

/// What of a table's folder is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listing {
    /// All names; of dated folders, those of recent dates.
    #[default]
    Full,
    /// Names above the greatest one that was read.
    Ordered,
}

choice! { pub Listing:
    "full" = Full, "All names; where the path has dates, those of recent ones.";
    "ordered" = Ordered, "Only names above the greatest one that was read: for one folder whose new names always sort last.";
}

/// Who tells of new objects.
#[derive(Debug, Clone)]
pub struct Events {
    /// Its place in the file.
    pub at: Span,
    /// The queue that gets the bucket's notifications: the URL of a queue of SQS or Azure Storage, or a subscription of Pub/Sub.
    pub queue: Spanned<String>,
    /// The queue's region, where its URL does not name it.
    pub region: Option<Spanned<String>>,
}

/// `events:`
pub(crate) const EVENTS: Object = Object {
    name: "`events`",
    may_be_empty: false,
    keys: &[
        Key::required(
            "queue",
            Shape::Text,
            "The queue that gets the bucket's notifications of new objects: Amazon SQS \
             (`https://sqs.eu-central-1.amazonaws.com/123456789012/landing`), Azure Storage behind Event Grid \
             (`https://acme.queue.core.windows.net/landing`), or a subscription of Google Pub/Sub \
             (`projects/acme/subscriptions/landing`). It belongs to this source alone.",
        ),
        Key::optional(
            "region",
            Shape::Text,
            "SQS: the queue's region, where its URL does not name it. Left out: that of the connection.",
        ),
    ],
};

pub(crate) const LISTING: Key =
    Key::defaulted("listing", Shape::Choice(&Listing::WORDS), "full", "What of its folder is listed.");
pub(crate) const LOOK_BACK: Key = Key::defaulted(
    "look_back",
    Shape::Duration,
    "3 days",
    "With dates in `path` (`{yyyy}/{MM}/{dd}/{HH}`): how far before the newest date that was read folders are listed.",
);
pub(crate) const RELIST: Key = Key::defaulted(
    "relist",
    Shape::Duration,
    "1 day",
    "Where not everything is listed each time (dates in `path`, `listing: ordered`, `events`): after how long everything is.",
);

/// What `path:` may have in braces beside alternatives.
const PARTS: [&str; 4] = ["{yyyy}", "{MM}", "{dd}", "{HH}"];

/// Reads the keys of a table whose files lie at `path`. `told`: a queue tells of the source's new files.
pub(crate) fn read(fields: &Fields<'_>, path: &Spanned<String>, told: bool, diagnostics: &mut Diagnostics) -> Arrival {
    let dated = PARTS.iter().any(|part| path.contains(part));
    misspelt(path, diagnostics);
    let listing = fields.choice("listing").unwrap_or_default();
    if !dated {
        no_effect(fields, "look_back", "dates in `path`, such as `{yyyy}/{MM}/{dd}`", diagnostics);
    }
    if !dated && !told && listing == Listing::Full {
        no_effect(fields, "relist", "dates in `path`, `listing: ordered`, or `events` of the source", diagnostics);
    }
    if listing == Listing::Ordered {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder.contains(['*', '?', '[', '{']) || path.contains("**") {
            diagnostics.push(
                Diagnostic::error(
                    "conflicting-keys",
                    "`listing: ordered` is for the files of one folder, and this path has several",
                )
                .at(fields.place("listing"))
                .related(path.span, "the path is here")
                .help("leave `listing` out; where folders are named by dates, write them as `{yyyy}/{MM}/{dd}`"),
            );
        }
    }
    let duration = |key, otherwise| fields.parsed(key, scalar::duration).map_or(otherwise, |found| found.value);
    let default = Arrival::default();
    Arrival { listing, look_back: duration("look_back", default.look_back), relist: duration("relist", default.relist) }
}

/// A snapshot of several files is read as a whole, so all of its names are needed each time: says what leaves names out.
/// `told`: a queue tells of the source's new files.
pub(crate) fn whole_folders(
    fields: &Fields<'_>,
    path: &Spanned<String>,
    arrival: Arrival,
    told: bool,
    diagnostics: &mut Diagnostics,
) {
    let dated = PARTS.iter().any(|part| path.contains(part));
    let (what, help) = match (dated, arrival.listing == Listing::Ordered) {
        (true, _) => ("dates in `path`", "write `*` where the dates stand: all folders are listed then"),
        (_, true) => ("`listing: ordered`", "leave `listing` out: all names are listed then"),
        _ if told => ("`events` of the source", "give the table a source of its own, without `events`"),
        _ => return,
    };
    let message = format!("a snapshot of several files cannot be told with {what}: names of it could be left out");
    diagnostics.push(Diagnostic::error("conflicting-keys", message).at(fields.place("snapshot")).help(help));
}

/// `{mm}` in a glob is the text `mm`, which nobody means.
fn misspelt(path: &Spanned<String>, diagnostics: &mut Diagnostics) {
    for open in path.match_indices('{').map(|(at, _)| at) {
        let Some(close) = path[open..].find('}') else { continue };
        let part = &path[open..=open + close];
        let word = part[1..part.len() - 1].to_ascii_lowercase();
        let meant = match word.as_str() {
            "yyyy" | "yy" | "year" => "{yyyy}",
            "mm" | "m" | "month" => "{MM} (months; there are no minutes)",
            "dd" | "d" | "day" => "{dd}",
            "hh" | "h" | "hour" => "{HH}",
            _ => continue,
        };
        if !PARTS.contains(&part) {
            diagnostics.push(Diagnostic::error("invalid-value", format!("`{part}` is no part of a date")).at(path.span).help(
                format!(
                    "did you mean `{meant}`? The parts are `{{yyyy}}`, `{{MM}}`, `{{dd}}` and `{{HH}}`, each with all its digits"
                ),
            ));
        }
    }
}

/// `projects/acme/subscriptions/landing`, or a URL that ends so.
fn is_subscription(queue: &str) -> bool {
    let is_url = queue.contains("://");
    let parts: Vec<&str> = queue.split('/').collect();
    let from = if is_url { parts.len().saturating_sub(4) } else { 0 };
    matches!(&parts[from..], ["projects", project, "subscriptions", name] if !project.is_empty() && !name.is_empty())
}

/// Reads `events:` of a source that lies at `cloud`.
pub(crate) fn events(source: &Fields<'_>, cloud: Option<Cloud>, diagnostics: &mut Diagnostics) -> Option<Events> {
    let fields = source.object("events", &EVENTS)?;
    let queue = fields.text("queue")?;
    let is_url = queue.starts_with("https://") || queue.starts_with("http://");
    let (fits, help) = match cloud {
        None => {
            diagnostics.push(
                Diagnostic::error("unsupported", "`events` works for sources in buckets: Amazon S3, Azure, Google")
                    .at(source.place("events"))
                    .help("leave it out: what has arrived is found by listing"),
            );
            (true, "")
        }
        Some(Cloud::Amazon) => (is_url, "the URL of a queue: `https://sqs.<region>.amazonaws.com/<account>/<name>`"),
        Some(Cloud::Azure) => (is_url, "the URL of a queue: `https://<account>.queue.core.windows.net/<name>`"),
        Some(Cloud::Google) => (is_subscription(&queue), "a subscription of Pub/Sub: `projects/<project>/subscriptions/<name>`"),
    };
    if !fits {
        diagnostics.push(Diagnostic::error("invalid-value", format!("`queue` must be {help}")).at(queue.span));
    }
    Some(Events { at: fields.at, region: fields.text("region"), queue })
}
