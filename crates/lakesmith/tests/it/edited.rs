//! A project is edited between two runs: what is then computed is what a new lake would hold.

use crate::contents::{Contents, assert_same, contents};
use crate::house::{Deliveries, House};
use crate::tier::tally;

/// A file, what is written in it, and what instead.
type Edit = (&'static str, &'static str, &'static str);

/// An edit of a project that has run.
struct Case {
    name: &'static str,
    edits: &'static [Edit],
    /// What must be said before it runs again, if anything: columns go only by somebody's word.
    accept: &'static [&'static str],
}

const CASES: [Case; 8] = [
    Case {
        name: "a key becomes smaller",
        edits: &[
            ("silver/x/o.yaml", "key: [id, line]", "key: [id]"),
            ("gold/f.yaml", "grain_key: [id, line]", "grain_key: [id]"),
        ],
        accept: &[],
    },
    Case { name: "a key grows", edits: &[("silver/x/now.yaml", "key: [who]", "key: [who, seg]")], accept: &[] },
    Case {
        name: "groups become fewer",
        edits: &[("gold/g.yaml", "group_by: [kind, day_key]", "group_by: [kind]")],
        accept: &["gold.g"],
    },
    Case {
        name: "a group is called otherwise",
        edits: &[("gold/g.yaml", "group_by: [kind, day_key]", "group_by: [{ sort: kind }, day_key]")],
        accept: &["gold.g"],
    },
    Case {
        name: "groups become more",
        edits: &[("gold/g.yaml", "group_by: [kind, day_key]", "group_by: [kind, day_key, c_key, id]")],
        accept: &[],
    },
    Case { name: "a dimension gets versions", edits: &[("gold/dim_now.yaml", "history: type1", "history: type2")], accept: &[] },
    Case {
        name: "a surrogate key is called otherwise",
        edits: &[
            ("gold/dim_c.yaml", "surrogate_key: c_key", "surrogate_key: member_key"),
            ("gold/f.yaml", "  c_key:   {", "  member_key: {"),
        ],
        accept: &["gold.dim_c", "gold.f"],
    },
    Case {
        name: "a grain grows",
        edits: &[
            ("gold/f.yaml", "grain_key: [id, line]", "grain_key: [id, line, who]"),
            ("gold/f.yaml", "degenerate: [id, line, kind]", "degenerate: [id, line, kind, who]"),
        ],
        accept: &[],
    },
];

/// The tables that are computed.
fn refined(house: &House) -> Contents {
    contents(house).into_iter().filter(|(table, _)| !table.starts_with("bronze.")).collect()
}

#[test]
fn an_edited_project_holds_what_a_new_lake_would() {
    let deliveries = Deliveries::of_house("edited");
    let before = House::after(&deliveries, 1);
    for Case { name, edits, accept } in &CASES {
        let (house, new) = (before.copy(), House::new(&deliveries));
        new.deliver(0);
        for (file, written, instead) in *edits {
            let text = house.text(file);
            assert!(text.contains(written), "{name}: {file}");
            house.write(file, &text.replace(written, instead));
            new.write(file, &house.text(file));
        }
        for table in *accept {
            house.succeeds(&["schema", "accept", table]);
        }
        new.run();
        house.run();
        assert_same(&refined(&house), &refined(&new), &format!("{name}: the run after the edit"));
        for each in [&house, &new] {
            each.deliver(1);
            each.run();
        }
        assert_same(&refined(&house), &refined(&new), &format!("{name}: what came later"));
    }
    tally("an_edited_project_holds_what_a_new_lake_would", &[("edits", CASES.len())]);
}

#[test]
fn a_window_computes_every_state_of_its_keys() {
    let deliveries = Deliveries::of_house("edited");
    let house = House::after(&deliveries, 1);
    let between = chrono::Utc::now().to_rfc3339();
    house.deliver(1);
    house.run();
    let file = "silver/x/c.yaml";
    house.write(file, &house.text(file).replace("seg: { type: string }", "seg: { expr: lower(seg) }"));
    house.succeeds(&["run", "--from", &between, "silver.x_c+"]);
    let versions = house.json(&["query", "--format", "json", "SELECT who, seg FROM gold.dim_c WHERE who = 'ann'"]);
    assert_eq!(versions, serde_json::json!([{ "who": "ann", "seg": "a" }]), "the state before the window was computed too");
}
