//! How the bytes of a record lie, as its schema tells.

use super::blocks::Cursor;

/// The bytes of one value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layout {
    Nothing,
    Boolean,
    /// A whole number, or the index of an enum's symbol.
    Long,
    /// So many bytes.
    Fixed(usize),
    /// A length, then as many bytes.
    Bytes,
    Record(Vec<Layout>),
    Array(Box<Layout>),
    /// A text before each value.
    Map(Box<Layout>),
    Union(Vec<Layout>),
}

impl Layout {
    /// Whether a value takes no bytes at all.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Layout::Nothing | Layout::Fixed(0) => true,
            Layout::Record(fields) => fields.iter().all(Layout::is_empty),
            _ => false,
        }
    }

    /// Whether `data` is exactly `count` values.
    pub(super) fn is_of(&self, data: &[u8], count: usize) -> bool {
        let mut cursor = Cursor { bytes: data, at: 0 };
        // A value takes a byte at least: see `schema`.
        count <= data.len() && (0..count).all(|_| self.pass(&mut cursor).is_some()) && cursor.at == data.len()
    }

    fn pass(&self, cursor: &mut Cursor<'_>) -> Option<()> {
        match self {
            Layout::Nothing => {}
            Layout::Boolean => drop(cursor.take(1)?),
            Layout::Long => drop(cursor.varint()?),
            Layout::Fixed(length) => drop(cursor.take(*length)?),
            Layout::Bytes => drop(cursor.sized()?),
            Layout::Record(fields) => fields.iter().try_for_each(|field| field.pass(cursor))?,
            Layout::Array(element) => Self::pass_blocks(cursor, |cursor| element.pass(cursor))?,
            Layout::Map(value) => Self::pass_blocks(cursor, |cursor| {
                cursor.sized()?;
                value.pass(cursor)
            })?,
            Layout::Union(branches) => {
                let branch = usize::try_from(cursor.long()?).ok()?;
                branches.get(branch)?.pass(cursor)?;
            }
        }
        Some(())
    }

    fn pass_blocks(cursor: &mut Cursor<'_>, mut element: impl FnMut(&mut Cursor<'_>) -> Option<()>) -> Option<()> {
        loop {
            let count = cursor.long()?;
            if count == 0 {
                return Some(());
            }
            if count < 0 {
                cursor.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                element(cursor)?;
            }
        }
    }
}
