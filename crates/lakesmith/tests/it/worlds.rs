//! K1, H1, H2, H3: generated histories, facts and aggregates against an oracle. Many small cases lie in one lake, the case being part of
//! every key. The same changes, in any order and any batching, give the same tables, surrogate keys aside.
//!
//! A failure names the seed and the case; `LAKESMITH_SEED=… LAKESMITH_CASE=…` runs that case alone.

mod events;
mod oracle;
mod project;
mod situations;
mod world;

use self::world::{SNAPSHOTS, Story, World, compare};
use crate::read_alike;
use crate::tier::{amount, seed, tally};

/// At most so many cases are packed into one lake.
const PACKED: usize = 10_000;

/// Ten rounds of the soak are a million cases.
#[test]
fn k1_h1_h2_h3_the_same_changes_in_any_order_and_any_batching_give_the_same_tables() {
    let cases = amount(500, 10_000, 100_000);
    let mut events = 0;
    for first in (0..cases).step_by(PACKED) {
        let story = Story::new(first, PACKED.min(cases - first));
        events += story.cases.iter().map(Vec::len).sum::<usize>();

        // Compared after every delivery.
        let mut world = World::new("four deliveries", &story);
        let mut last = vec![];
        for (delivery, until) in story.deal("four", 4).into_iter().zip([1, 1, 4, SNAPSHOTS]) {
            world.deliver(delivery);
            world.snapshots(until);
            world.run();
            last = world.check();
        }
        let mut world = World::new("three deliveries in another order", &story);
        for (delivery, until) in story.deal("three", 3).into_iter().zip([0, 3, SNAPSHOTS]) {
            world.deliver(delivery);
            world.snapshots(until);
            world.run();
        }
        compare(&story, ("four deliveries", &last), ("three deliveries", &world.check()));
        let mut world = World::new("one delivery", &story);
        world.deliver(story.deal("one", 1).remove(0));
        world.snapshots(SNAPSHOTS);
        world.run();
        compare(&story, ("four deliveries", &last), ("one delivery", &world.check()));
    }
    let test = "k1_h1_h2_h3_the_same_changes_in_any_order_and_any_batching_give_the_same_tables";
    tally(test, &[("cases", cases), ("events", events)]);
}

/// Tables are computed again between deliveries and together with them, all or what came of late: they say what they said,
/// members keep their keys, and where nothing came no data file is written.
#[test]
fn k1_h1_a_full_refresh_of_generated_histories_changes_nothing() {
    let cases = amount(200, 2_000, 20_000);
    let story = Story::new(2_000_000_000, cases);
    let mut world = World::new("refreshed", &story);
    let ways: [&[&str]; 4] = [&[], &["--full-refresh"], &["--from", "1d"], &[]];
    for ((delivery, until), way) in story.deal("refreshed", 4).into_iter().zip([1, 3, 4, SNAPSHOTS]).zip(ways) {
        world.deliver(delivery);
        world.snapshots(until);
        world.run_with(way);
        world.check();
        let files = world.data_files();
        for again in [&["--full-refresh"][..], &["--from", "1d"]] {
            world.run_with(again);
            world.check();
            assert_eq!(world.data_files(), files, "{again:?}");
        }
    }
    tally("k1_h1_a_full_refresh_of_generated_histories_changes_nothing", &[("cases", cases)]);
}

#[test]
fn the_generated_cases_hold_every_situation() {
    let story = Story::new(0, 1000);
    let mut found = situations::Situations::new();
    story.cases.iter().for_each(|events| situations::count(events, &mut found));
    let rare: Vec<_> = found.iter().filter(|(_, count)| **count < 3).collect();
    assert!(rare.is_empty(), "LAKESMITH_SEED={}: {rare:?} of {found:?}", seed());
}

/// A small lake that other programs read, at every version, with its change data.
#[test]
fn other_readers_read_generated_tables_alike() {
    let story = Story::new(1_000_000_000, 60);
    let mut world = World::new("other readers", &story);
    for (delivery, until) in story.deal("readers", 3).into_iter().zip([2, 4, SNAPSHOTS]) {
        world.deliver(delivery);
        world.snapshots(until);
        world.run();
    }
    world.check();
    read_alike(world.path());
}
