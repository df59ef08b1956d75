//! The keys of `sources/*.yaml`.

use super::arrival::{EVENTS, LISTING, LOOK_BACK, RELIST};
use super::capture::{OPERATION, TIMESTAMP};
use super::connection::CONNECTION;
use super::files::{CSV, Compression, EXCEL, Encoding, FIXED_WIDTH, Format, JSON, TEXT, XML};
use super::{ChangeCapture, Deletes, OnChange, SchemaEvolution, Snapshot, SourceKind};
use crate::choice::{Choice, choice};
use crate::shape::{DESCRIPTION, Key, OWNER, Object, Shape, TAGS, TEXTS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "a source",
    may_be_empty: false,
    keys: &[
        Key::required("source", Shape::Name, "The source's name: its tables fill `bronze.<source>_<table>`."),
        Key::required("type", Shape::Choice(&SourceKind::WORDS), "What kind of system it is."),
        Key::required(
            "path",
            Shape::Text,
            "Where its files or Delta tables lie: a folder relative to the project, or a URL such as `s3://…`, `abfss://…`, `gs://…`.",
        ),
        Key::optional(
            "connection",
            Shape::Object(&CONNECTION),
            "How a path in a cloud is reached. Left out: as the environment, or the identity of the machine, says.",
        ),
        Key::optional(
            "events",
            Shape::Object(&EVENTS),
            "Who tells of new files, so that the store need not be listed each time.",
        ),
        Key::required("tables", Shape::Named(&Shape::Object(&TABLE)), "Its tables by name."),
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

/// One of `tables:`
pub(crate) const TABLE: Object = Object {
    name: "a source table",
    may_be_empty: false,
    keys: &[
        Key::required(
            "path",
            Shape::Text,
            "Which files are its own: a glob such as `orders/*.json`, relative to the source's path. Folders may be dates: \
             `events/{yyyy}/{MM}/{dd}/*.json`. For `type: delta` the table's folder, relative to that path or absolute, or \
             its URL.",
        ),
        LISTING,
        LOOK_BACK,
        RELIST,
        Key::optional("format", Shape::Choice(&Format::WORDS), "How its files are written. Left out: by the ending of `path`."),
        Key::optional("csv", Shape::Object(&CSV), "How its CSV files are written."),
        Key::optional("json", Shape::Object(&JSON), "Where the rows of its JSON files are."),
        Key::optional("xml", Shape::Object(&XML), "How its XML files become rows."),
        Key::optional("fixed_width", Shape::Object(&FIXED_WIDTH), "Where the fields of its fixed-width files stand."),
        Key::optional("text", Shape::Object(&TEXT), "How its text files become rows."),
        Key::optional("excel", Shape::Object(&EXCEL), "Which part of its spreadsheets is the table."),
        Key::optional(
            "encoding",
            Shape::Choice(&Encoding::WORDS),
            "How characters are written as bytes. Left out: as a byte order mark or an XML file says; else UTF-8, or \
             windows-1252 where it is none, which the receipt says.",
        ),
        Key::defaulted("compression", Shape::Choice(&Compression::WORDS), "auto", "What its files are wrapped in."),
        Key::defaulted("decimal", Shape::Mark, "\".\"", "Before the fraction of a number: `\",\"` reads `1234,5`."),
        Key::optional(
            "thousands",
            Shape::Mark,
            "Between groups of three digits: `\".\"` reads `1.234,5`. Left out: none, or `\".\"` with `decimal: \",\"`.",
        ),
        Key::optional(
            "date_format",
            Shape::DatePattern,
            "How days are written, such as `dd.MM.yyyy`, in columns that `schema_hints` call `date`. Left out: `2025-01-31`.",
        ),
        Key::optional(
            "timestamp_format",
            Shape::DatePattern,
            "How times are written, such as `dd.MM.yyyy HH:mm`, in columns that `schema_hints` call `timestamp`. Left out: \
             `2025-01-31 23:59:59`, with or without fraction and zone. A time without a zone is UTC.",
        ),
        Key::optional(
            "schema_hints",
            Shape::Labelled(&Shape::SqlType),
            "Types of columns that inference would get wrong: `{ UpdatedAt: timestamp }`, by the names in the source.",
        ),
        Key::defaulted(
            "change_capture",
            Shape::Choice(&ChangeCapture::WORDS),
            "incremental",
            "What a file, or a new version of a Delta table, holds of the table.",
        ),
        Key::optional(
            "operation",
            Shape::Object(&OPERATION),
            "Of a change feed: the column that says what a row is, and in which values. Left out: the field `_operation` with \
             `insert`, `update`, `delete`.",
        ),
        Key::optional(
            "timestamp",
            Shape::Object(&TIMESTAMP),
            "With `change_capture: timestamp`: the column by which extracts were taken.",
        ),
        Key::defaulted(
            "schema_evolution",
            Shape::Choice(&SchemaEvolution::WORDS),
            "add_columns",
            "What happens with a column that was not there before.",
        ),
        Key::defaulted(
            "on_change",
            Shape::Choice(&OnChange::WORDS),
            "new_version",
            "What happens with a file that changed under its old name; for `type: delta`, where `error` is the default, with commits that rewrite or delete rows.",
        ),
        Key::defaulted("snapshot", Shape::Choice(&Snapshot::WORDS), "file", "What makes up one snapshot of a full load."),
        Key::optional(
            "marker",
            Shape::Text,
            "With `snapshot: marker`: the name of the file that says that its folder is complete, such as `_SUCCESS`; `*` and `?` \
             stand for any text.",
        ),
        Key::defaulted(
            "deletes",
            Shape::Choice(&Deletes::WORDS),
            "none",
            "Whether keys that a snapshot lacks are deleted downstream.",
        ),
        Key::defaulted(
            "max_delete_fraction",
            Shape::Fraction,
            "0.2",
            "The share of the keys that one snapshot may delete without consent.",
        ),
        Key::optional("sensitivity", TEXTS, "What is sensitive in it, such as `pii`."),
        Key::optional("frequency", Shape::Text, "How often new data comes, in words."),
        Key::optional("volume", Shape::Text, "How much data comes, in words."),
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

choice! { pub SourceKind:
    "files" = Files, "Files in a folder or an object store.";
    "delta" = Delta, "Delta tables, whoever writes them, read by version.";
    later "database", "jdbc", "postgres", "mysql", "sqlserver", "kafka", "stream", "kinesis", "eventhubs", "api", "rest";
}
choice! { pub ChangeCapture:
    "full" = Full, "Every file, or folder of files, or version of a Delta table, is the whole table.";
    "incremental" = Incremental, "Each file adds new rows or new states of rows; of a Delta table the rows that its commits append.";
    "cdc" = Cdc, "A change feed: rows say whether they are deletes, in `_operation` or as `operation` tells. Of a Delta table its change data feed.";
    "timestamp" = Timestamp, "Each file is an extract by a column that grows with time; extracts may overlap.";
    "event" = Event, "Events that never change: each file, or commit of a Delta table, adds some.";
}
choice! { pub SchemaEvolution:
    "add_columns" = AddColumns, "The bronze table gets the column; a struct gets the field.";
    "rescue" = Rescue, "Its values go to `_rescued_data`, until somebody accepts the column.";
    "fail" = Fail, "The flow stops before it reads the files, until somebody accepts the change; the other flows run.";
    "none" = None, "It is left out, and the run says so.";
}
choice! { pub OnChange:
    "new_version" = NewVersion, "It is read again, as a further version; of a Delta table the rows of rewritten files are read again, and deletes are not seen.";
    "ignore" = Ignore, "It is not read again.";
    "error" = Error, "A file gets a receipt with an error, and its rows are not read; a Delta table is not read on.";
}
choice! { pub Snapshot:
    "file" = File, "Each file.";
    "folder" = Folder, "All files of a folder. With `deletes: missing_keys` it is read once the next folder has begun.";
    "marker" = Marker, "All files of a folder, once its marker file is there.";
}
choice! { pub Deletes:
    "none" = None, "They stay.";
    "missing_keys" = MissingKeys, "They are deleted.";
}
