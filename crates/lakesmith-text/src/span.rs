//! A place: a range of bytes in one file.

/// One file of a [`Sources`](crate::Sources), by its position there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub(crate) u32);

/// A range of bytes in a file: `start` is in it, `end` is not. Ordered by file, then by start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte; equal to `start` for a point between two bytes.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end: end.max(start) }
    }

    /// The point before the byte at `offset`.
    pub fn point(file: FileId, offset: u32) -> Self {
        Self::new(file, offset, offset)
    }

    /// The smallest span that holds this one and `other`, which must lie in the same file; else this one.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        if self.file != other.file {
            return self;
        }
        Self::new(self.file, self.start.min(other.start), self.end.max(other.end))
    }

    /// How many bytes it holds.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it is a point.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}
