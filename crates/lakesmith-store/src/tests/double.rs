//! A service on the loopback that answers as a test says: late, wrongly, half, or with what a bucket holds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With its query, as it was sent.
    pub(crate) target: String,
    /// By lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    #[allow(dead_code, reason = "shown where a test fails")]
    pub(crate) body: Vec<u8>,
    #[allow(dead_code, reason = "not every test binary looks at it")]
    pub(crate) at: Instant,
}

#[allow(dead_code, reason = "not every test binary looks at all of it")]
impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// A value of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| decoded(value))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    pub(crate) cut: Option<usize>,
    /// Before anything is answered.
    pub(crate) pause: Duration,
}

#[allow(dead_code, reason = "not every test binary answers in all ways")]
impl Answer {
    pub(crate) fn of(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, body: body.into(), ..Answer::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Answer {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn cut(mut self, at: usize) -> Answer {
        self.cut = Some(at);
        self
    }

    pub(crate) fn after(mut self, pause: Duration) -> Answer {
        self.pause = pause;
        self
    }
}

/// A service that runs until the process ends.
pub(crate) struct Double {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Double {
    /// `answer` is given each request with its number, from 0.
    pub(crate) fn start(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Double {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (answer, seen) = (Arc::new(answer), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (answer.clone(), seen.clone());
                std::thread::spawn(move || {
                    let mut from = BufReader::new(stream.try_clone().unwrap());
                    while let Some(asked) = read(&mut from) {
                        let number = {
                            let mut seen = seen.lock().unwrap();
                            seen.push(asked.clone());
                            seen.len() - 1
                        };
                        if write(&stream, &answer(&asked, number), asked.method == "HEAD").is_none() {
                            break;
                        }
                    }
                });
            }
        });
        Double { url, asked }
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(from: &mut BufReader<TcpStream>) -> Option<Asked> {
    let line = |from: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0).map(|_| line.trim_end().to_owned())
    };
    let first = line(from)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line(from)?.split_once(':') {
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some(Asked { method, target, headers, body, at: Instant::now() })
}

/// `None`: the connection is to end.
fn write(mut to: &TcpStream, answer: &Answer, head_only: bool) -> Option<()> {
    std::thread::sleep(answer.pause);
    let mut text = format!("HTTP/1.1 {} Said\r\n", answer.status);
    if !answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        text += &format!("content-length: {}\r\n", answer.body.len());
    }
    for (name, value) in &answer.headers {
        text += &format!("{name}: {value}\r\n");
    }
    to.write_all(format!("{text}\r\n").as_bytes()).ok()?;
    if !head_only {
        let cut = answer.cut.unwrap_or(answer.body.len());
        to.write_all(&answer.body[..cut]).ok()?;
        to.flush().ok()?;
        if answer.cut.is_some() {
            to.shutdown(std::net::Shutdown::Both).ok();
            return None;
        }
    }
    Some(())
}

fn decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                rest = &more[2..];
                u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// What a bucket holds, as the XML protocols of S3 and Google tell it: reads, ranges and listings.
#[allow(dead_code, reason = "not every test binary has a bucket")]
pub(crate) fn bucket(name: &str, objects: &BTreeMap<String, Vec<u8>>, asked: &Asked, page: usize) -> Answer {
    let key = decoded(asked.path().trim_start_matches(&format!("/{name}")).trim_start_matches('/'));
    if key.is_empty() {
        return listing(objects, asked, page);
    }
    let Some(bytes) = objects.get(&key) else { return Answer::of(404, "<Error><Code>NoSuchKey</Code></Error>") };
    let meta = |answer: Answer| {
        answer.header("etag", format!("\"{:x}\"", bytes.len())).header("last-modified", "Sun, 01 Mar 2026 10:00:00 GMT")
    };
    let range = asked.header("range").strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    match range.map(|(from, to)| (from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap_or(usize::MAX))) {
        None => meta(Answer::of(200, bytes.clone())),
        Some((from, to)) => {
            let to = to.min(bytes.len() - 1);
            meta(Answer::of(206, &bytes[from..=to])).header("content-range", format!("bytes {from}-{to}/{}", bytes.len()))
        }
    }
}

fn listing(objects: &BTreeMap<String, Vec<u8>>, asked: &Asked, page: usize) -> Answer {
    let query = |name| asked.query(name).unwrap_or_default();
    let (prefix, delimiter) = (query("prefix"), query("delimiter"));
    let after = query("continuation-token").max(query("start-after"));
    let (mut xml, mut last, mut count) = (String::new(), String::new(), 0);
    let mut more = false;
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    for (key, bytes) in objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after) {
        let below = &key[prefix.len()..];
        let folder = (!delimiter.is_empty()).then(|| below.split_once('/')).flatten().map(|(name, _)| format!("{prefix}{name}/"));
        if folder.as_ref().is_some_and(|folder| last.starts_with(folder.as_str()) || after.starts_with(folder.as_str())) {
            last = key.clone();
            continue;
        }
        if count == page {
            more = true;
            break;
        }
        count += 1;
        last = key.clone();
        xml += &match folder {
            Some(folder) => format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(&folder)),
            None => format!(
                "<Contents><Key>{}</Key><Size>{}</Size><LastModified>2026-03-01T10:00:00.000Z</LastModified><ETag>\"{:x}\"</ETag></Contents>",
                escaped(key),
                bytes.len(),
                bytes.len()
            ),
        };
    }
    if more {
        xml += &format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(&last));
    }
    Answer::of(200, format!("<ListBucketResult>{xml}</ListBucketResult>"))
}
