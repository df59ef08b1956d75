//! Sources outside: files to Arrow batches with positions
