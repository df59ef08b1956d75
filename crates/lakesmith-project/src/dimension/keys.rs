//! The keys of a dimension.

use super::{DimensionHistory, DimensionKind, FirstVersion, Validity};
use crate::choice::{Choice, choice};
use crate::shape::{CLUSTER_BY, DESCRIPTION, Key, NAMES, OWNER, Object, PARTITION_BY, Shape, TAGS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "a dimension",
    may_be_empty: false,
    keys: &[
        Key::required("dimension", Shape::Name, "The dimension's name: it fills `gold.<name>`."),
        Key::required(
            "from",
            Shape::Table,
            "The silver table it reads. For `type2` it must keep states: `history: changes` or `type2`.",
        ),
        Key::required("natural_key", NAMES, "The columns that name a member in the source system."),
        Key::required("surrogate_key", Shape::Name, "The name of its BIGINT key, which facts hold."),
        Key::defaulted("kind", Shape::Choice(&DimensionKind::WORDS), "regular", "What its members are."),
        Key::defaulted("history", Shape::Choice(&DimensionHistory::WORDS), "type1", "Whether it keeps versions of a member."),
        Key::optional("sequence_by", Shape::Name, "The column that orders the states of a member. Left out: that of its input."),
        Key::optional(
            "track",
            NAMES,
            "Under `type2`: the attributes whose change opens a version. Left out: every one that is not in `overwrite`. One \
             that is in neither list shows in each version what was known at its end.",
        ),
        Key::optional(
            "overwrite",
            NAMES,
            "Under `type2`: the attributes of which every version shows the newest value, as under `type1`.",
        ),
        Key::optional(
            "hierarchies",
            Shape::Named(&NAMES),
            "Ways to drill down by name, each a list of attributes from the coarsest to the finest: \
             `geography: [country, state, city]`. A run counts the values that lie in several of the level above.",
        ),
        Key::optional(
            "attributes",
            NAMES,
            "The columns it keeps. Left out: every column of the input that does not begin with `_`.",
        ),
        Key::defaulted("validity", Shape::Choice(&Validity::WORDS), "date", "How finely the validity of versions is told."),
        Key::defaulted("first_version", Shape::Choice(&FirstVersion::WORDS), "change", "Where a member's first version starts."),
        PARTITION_BY,
        CLUSTER_BY,
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

choice! { pub DimensionKind:
    "regular" = Regular, "Things that have a key in the source system.";
    "junk" = Junk, "Combinations of flags and codes: the columns themselves are the natural key, and any of them may be NULL.";
}
choice! { pub DimensionHistory:
    "type1" = Type1, "The latest state of each member.";
    "type2" = Type2, "A version per change, each with the time it was valid.";
}
choice! { pub Validity:
    "date" = Date, "By UTC day; of several changes on one day the last counts.";
    "timestamp" = Timestamp, "By instant.";
}
choice! { pub FirstVersion:
    "change" = Change, "At its first change.";
    "beginning" = Beginning, "At 1900-01-01, or with its first state if that is older.";
}
