//! The character set that an XML file declares: `<?xml version="1.0" encoding="ISO-8859-1"?>`.

use crate::content::Charset;
use crate::error::FileFault;

/// The character set that the first bytes of a file declare. One that is written in two bytes a character says nothing
/// here: its bytes show that.
///
/// # Errors
/// [`FileFault::Unsupported`] for one that is not read.
pub(super) fn charset(head: &[u8]) -> Result<Option<Charset>, FileFault> {
    let Some(name) = declared(head) else { return Ok(None) };
    match Charset::named(&name) {
        // What could be read as ASCII so far is no UTF-16, whatever it says.
        Some(Charset::Utf16Le | Charset::Utf16Be) => Ok(None),
        Some(charset) => Ok(Some(charset)),
        None => Err(FileFault::Unsupported { what: format!("the encoding `{name}` of an XML file") }),
    }
}

fn declared(head: &[u8]) -> Option<String> {
    let head = head.strip_prefix(b"<?xml")?;
    let text = head.utf8_chunks().next()?.valid();
    let declaration = &text[..text.find("?>")?];
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let name = value[1..].split_once(quote)?.0;
    let is_name = name.len() < 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prolog_declares_a_character_set() {
        for (head, expected) in [
            (&b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE4"[..], Ok(Some(Charset::Latin1))),
            (b"<?xml version='1.0' encoding = 'utf-8' ?>", Ok(Some(Charset::Utf8))),
            (b"<?xml version='1.0' encoding='UTF-16'?>", Ok(None)),
            (b"<?xml version='1.0'?><a encoding='x'/>", Ok(None)),
            (b"<a/>", Ok(None)),
            (b"<?xml encoding=", Ok(None)),
            (
                b"<?xml encoding='Shift_JIS'?>",
                Err(FileFault::Unsupported { what: "the encoding `Shift_JIS` of an XML file".to_owned() }),
            ),
        ] {
            assert_eq!(charset(head), expected);
        }
    }
}
