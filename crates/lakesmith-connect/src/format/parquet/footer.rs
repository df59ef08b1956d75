//! The end of a Parquet file, looked at before its reader trusts it: that reader makes room for as many things as the
//! footer says there are, and goes as deep as it says they lie.
//!
//! Source: the Parquet format's `parquet.thrift` and Thrift's compact protocol.

use super::PARQUET;
use crate::content::{Blob, fault};
use crate::error::FileFault;

/// The largest footer that is read.
const MAX_FOOTER: u64 = 256 << 20;
/// Levels of groups in a schema.
const MAX_LEVELS: usize = 64;
/// Levels of structs and lists in the footer itself.
const MAX_NESTING: usize = 16;
const MAGIC: &[u8; 4] = b"PAR1";
const ENCRYPTED: &[u8; 4] = b"PARE";

/// Where the footer of the file begins.
///
/// # Errors
/// [`FileFault::NotOfFormat`] where the marks are missing, [`FileFault::Unsupported`] for an encrypted file,
/// [`FileFault::Damaged`] for a footer that cannot be one.
pub(super) fn check(blob: &Blob) -> Result<u64, FileFault> {
    let length = blob.length();
    let (head, tail) = (blob.slice(0, 4).map_err(fault)?, blob.slice(length.saturating_sub(8), 8).map_err(fault)?);
    if tail.ends_with(ENCRYPTED) || head.as_ref() == ENCRYPTED {
        return Err(FileFault::Unsupported { what: "an encrypted Parquet file".to_owned() });
    }
    if head.as_ref() != MAGIC {
        return Err(FileFault::NotOfFormat("not a Parquet file: it does not begin with `PAR1`".to_owned()));
    }
    if length < 12 || !tail.ends_with(MAGIC) {
        let reason = "it does not end with `PAR1`: it was cut off or is still being written".to_owned();
        return Err(FileFault::Damaged { what: PARQUET, offset: length, reason });
    }
    let size = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let damaged = |offset: u64, reason: &str| FileFault::Damaged { what: PARQUET, offset, reason: reason.to_owned() };
    let start = (length - 8).checked_sub(size).filter(|start| *start >= 4);
    let start = start.ok_or_else(|| damaged(length - 8, "its footer would be longer than the file"))?;
    if size > MAX_FOOTER {
        return Err(damaged(start, "its footer is larger than 256 MiB"));
    }
    let bytes = blob.slice(start, size as usize).map_err(fault)?;
    let mut walk = Walk { bytes: &bytes, at: 0 };
    let children = walk.metadata().ok_or_else(|| damaged(start + walk.at as u64, "its footer cannot be read"))?;
    if !is_tree(&children) {
        return Err(damaged(start, &format!("its schema is no tree of at most {MAX_LEVELS} levels")));
    }
    Ok(start)
}

/// Whether elements with so many children, in the order of the schema, are one tree that is not too deep.
fn is_tree(children: &[i64]) -> bool {
    let mut open: Vec<i64> = Vec::new();
    for (index, count) in children.iter().enumerate() {
        match open.last_mut() {
            Some(left) => *left -= 1,
            None if index == 0 => {}
            None => return false,
        }
        if *count < 0 || *count > children.len() as i64 {
            return false;
        }
        open.push(*count);
        while open.last() == Some(&0) {
            open.pop();
        }
        if open.len() > MAX_LEVELS {
            return false;
        }
    }
    open.is_empty() && !children.is_empty()
}

/// Walks over values of Thrift's compact protocol. `None` where they are none.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Fields of `FileMetaData` and `SchemaElement`.
const SCHEMA: i64 = 2;
const NUM_CHILDREN: i64 = 5;

impl Walk<'_> {
    /// Walks over a `FileMetaData`; the number of children of each element of its schema.
    fn metadata(&mut self) -> Option<Vec<i64>> {
        let (mut field, mut children) = (0, Vec::new());
        while let Some(kind) = self.field(&mut field)? {
            if field == SCHEMA && kind == 9 {
                let (count, element) = self.list()?;
                if element != 12 {
                    return None;
                }
                for _ in 0..count {
                    children.push(self.schema_element()?);
                }
            } else {
                self.skip(kind, MAX_NESTING)?;
            }
        }
        Some(children)
    }

    fn schema_element(&mut self) -> Option<i64> {
        let (mut field, mut children) = (0, 0);
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (NUM_CHILDREN, 5) => children = self.zigzag()?,
                _ => self.skip(kind, MAX_NESTING)?,
            }
        }
        Some(children)
    }

    /// The kind of the next field of a struct; inner `None` at its end.
    #[allow(clippy::option_option)]
    fn field(&mut self, field: &mut i64) -> Option<Option<u8>> {
        let header = self.byte()?;
        if header == 0 {
            return Some(None);
        }
        *field = match header >> 4 {
            0 => self.zigzag()?,
            delta => field.checked_add(delta.into())?,
        };
        Some(Some(header & 0x0F))
    }

    /// How many elements of which kind a list has. Each takes at least one byte.
    fn list(&mut self) -> Option<(usize, u8)> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            short => usize::from(short),
        };
        (count <= self.bytes.len() - self.at).then_some((count, header & 0x0F))
    }

    fn skip(&mut self, kind: u8, levels: usize) -> Option<()> {
        let deeper = levels.checked_sub(1)?;
        match kind {
            1 | 2 => {}
            3 => self.forward(1)?,
            4..=6 => drop(self.varint()?),
            7 => self.forward(8)?,
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.forward(length)?;
            }
            9 | 10 => {
                let (count, element) = self.list()?;
                for _ in 0..count {
                    self.element(element, deeper)?;
                }
            }
            11 => {
                let count = usize::try_from(self.varint()?).ok()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                if count > self.bytes.len() - self.at {
                    return None;
                }
                for _ in 0..count {
                    self.element(kinds >> 4, deeper)?;
                    self.element(kinds & 0x0F, deeper)?;
                }
            }
            12 => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, deeper)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// In lists, unlike fields, a boolean is a byte of its own.
    fn element(&mut self, kind: u8, levels: usize) -> Option<()> {
        if matches!(kind, 1 | 2) { self.forward(1) } else { self.skip(kind, levels) }
    }

    fn forward(&mut self, length: usize) -> Option<()> {
        self.at = self.at.checked_add(length).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_one_tree() {
        assert!(is_tree(&[2, 0, 1, 0]));
        assert!(is_tree(&[0]));
        for broken in [&[][..], &[1], &[0, 0], &[2, 0], &[-1], &[i64::MAX, 0]] {
            assert!(!is_tree(broken), "{broken:?}");
        }
        let deep = |levels: usize| [vec![1; levels], vec![0]].concat();
        assert!(is_tree(&deep(MAX_LEVELS)));
        assert!(!is_tree(&deep(MAX_LEVELS + 1)));
    }
}
