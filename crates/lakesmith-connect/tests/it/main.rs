//! Case files: the bytes of files in, schema, rows and reports out.
