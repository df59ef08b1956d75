//! Listings without the names that no path can hold.
//!
//! A bucket may hold any name: `a//b`, `../x`, one with a line break. The client of `object_store` refuses a whole page for one
//! of them, and with it all the others. So they are taken out of the answer before it is read, and told in the log. Markers of
//! folders (`orders/`) are no files, and are taken out as well.

use object_store::path::Path;

/// What holds one name in the answers of S3 and Google, and of Azure: its element and that of the name in it.
const ENTRIES: [(&str, &str); 4] = [("Contents", "Key"), ("CommonPrefixes", "Prefix"), ("Blob", "Name"), ("BlobPrefix", "Name")];

/// Whether a request asks for a listing.
pub(crate) fn is_listing(query: &str) -> bool {
    query.split('&').any(|pair| pair == "list-type=2" || pair == "comp=list")
}

/// The answer without those entries, and the names of what is no marker.
pub(crate) fn usable(answer: &str) -> (String, Vec<String>) {
    let (mut kept, mut left_out) = (String::with_capacity(answer.len()), vec![]);
    let mut rest = answer;
    'entries: while let Some(at) = rest.find('<') {
        for (entry, name) in ENTRIES {
            let Some(inside) = rest[at..].strip_prefix('<').and_then(|tag| tag.strip_prefix(entry)) else { continue };
            if !inside.starts_with('>') {
                continue;
            }
            let close = format!("</{entry}>");
            let Some(end) = rest[at..].find(&close) else { continue };
            let end = at + end + close.len();
            let is_folder = matches!(entry, "CommonPrefixes" | "BlobPrefix");
            kept.push_str(&rest[..at]);
            match text(&rest[at..end], name) {
                Some(name) if !is_usable(&name, is_folder) => {
                    left_out.extend((is_folder || !name.ends_with('/')).then_some(name))
                }
                _ => kept.push_str(&rest[at..end]),
            }
            rest = &rest[end..];
            continue 'entries;
        }
        kept.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
    }
    kept.push_str(rest);
    (kept, left_out)
}

fn is_usable(name: &str, is_folder: bool) -> bool {
    let path = if is_folder { name.strip_suffix('/').unwrap_or(name) } else { name };
    !path.starts_with('/') && !path.ends_with('/') && Path::parse(path).is_ok()
}

/// The text of the first element of this name.
fn text(xml: &str, element: &str) -> Option<String> {
    let begin = xml.find(&format!("<{element}"))?;
    let begin = begin + xml[begin..].find('>')? + 1;
    let end = begin + xml[begin..].find(&format!("</{element}>"))?;
    Some(unescaped(&xml[begin..end]))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find(';') else { break };
        let entity = &rest[1..end];
        let character = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => entity.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
                None => number.parse().ok().and_then(char::from_u32),
            }),
        };
        match character {
            Some(character) => out.push(character),
            None => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_path_holds_are_left_out_and_the_others_kept() {
        let entry = |key: &str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
        let folder = |prefix: &str| format!("<CommonPrefixes><Prefix>{prefix}</Prefix></CommonPrefixes>");
        let good = [entry("in/a.json"), entry("in/a &amp; &#xe4;.json"), folder("in/x/")].concat();
        let bad =
            [entry("in//b.json"), entry("in/../c"), entry("/d"), entry("in/e&#10;f"), entry("in/"), folder("in//")].concat();
        let answer =
            format!("<?xml version=\"1.0\"?><ListBucketResult><Prefix>in//</Prefix>{good}{bad}{good}</ListBucketResult>");
        let (kept, left_out) = usable(&answer);
        assert_eq!(kept, answer.replace(&bad, ""));
        assert_eq!(left_out, ["in//b.json", "in/../c", "/d", "in/e\nf", "in//"]);
        let blob = |name: &str| format!("<Blob><Name>{name}</Name><Properties/></Blob>");
        let azure = format!("<EnumerationResults><Blobs>{}{}</Blobs></EnumerationResults>", blob("a"), blob("b//c"));
        assert_eq!(usable(&azure), (azure.replace(&blob("b//c"), ""), vec!["b//c".to_owned()]));
    }

    #[test]
    fn what_is_no_listing_is_left_alone() {
        for answer in ["", "<Error><Code>SlowDown</Code></Error>", "a < b", "<Contents><Key>a", "{\"a\":\"<Blob\"}"] {
            assert_eq!(usable(answer), (answer.to_owned(), vec![]));
        }
        assert!(is_listing("list-type=2&prefix=a") && is_listing("comp=list&restype=container"));
        assert!(!is_listing("prefix=list-type=2"));
    }
}
