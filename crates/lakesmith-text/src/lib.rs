//! Places in text and what is said about them
