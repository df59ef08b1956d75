//! What the user wrote: a typed model, loaded and checked
