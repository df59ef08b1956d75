//! K1, H1, H3 and more: `examples/contract2` against worlds of hard changes whose answers are known, six days in six
//! deliveries and in one, undisturbed and killed between and within the days. `benches/contract2` says the rules, makes the
//! worlds and judges the tables; it needs Python with the packages of `scripts/requirements.txt`.

use crate::examples::REPOSITORY;
use crate::house::{Deliveries, House, files};
use crate::tier::{Dice, amount, seed, tally};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DAYS: usize = 6;

/// A world: its answers, and what is delivered each day; the first delivery brings the project.
struct World {
    name: String,
    data: TempDir,
    days: Deliveries,
}

impl World {
    /// `None` where there is no Python to make it.
    fn new(cases: usize, seed: u64) -> Option<World> {
        let data = TempDir::new().unwrap();
        let (cases_, seed_) = (cases.to_string(), seed.to_string());
        python("gen2.py", &["--cases", &cases_, "--seed", &seed_, "--out", data.path().to_str().unwrap()])?.unwrap();
        let mut days = vec![];
        for day in 1..=DAYS {
            let folder = data.path().join(format!("day{day}"));
            days.push(files(&folder).into_iter().map(|(place, from)| (Path::new("landing").join(place), from)).collect());
        }
        let project: Vec<(PathBuf, PathBuf)> = files(&Path::new(REPOSITORY).join("examples/contract2"));
        let written = |place: &Path| place.extension().is_some_and(|extension| extension == "yaml");
        let first: &mut Vec<_> = &mut days[0];
        first.splice(0..0, project.into_iter().filter(|(place, _)| written(place)));
        Some(World { name: format!("--cases {cases} --seed {seed}"), data, days: Deliveries(days) })
    }

    /// All days at once.
    fn at_once(&self) -> Deliveries {
        Deliveries(vec![self.days.0.concat()])
    }

    /// The tables are what they should be after a day.
    fn judge(&self, house: &House, day: usize, case: &str) {
        let (data, out, day) = (self.data.path().to_str().unwrap(), house.root().to_str().unwrap(), day.to_string());
        let said = python("check2.py", &["--data", data, "--out", out, "--day", &day]).unwrap();
        said.unwrap_or_else(|said| panic!("{}, day {day}, {case}: {said}", self.name));
    }
}

/// What a script of `benches/contract2` says, if it fails.
fn python(script: &str, arguments: &[&str]) -> Option<Result<(), String>> {
    let Some(python) = std::env::var_os("LAKESMITH_PYTHON") else {
        eprintln!("LAKESMITH_PYTHON is not set: contract 2 is not tried");
        return None;
    };
    let script = Path::new(REPOSITORY).join("benches/contract2").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some(if output.status.success() { Ok(()) } else { Err(said()) })
}

/// Worlds of many cases, and small ones, in which some days bring nothing for a table.
fn worlds(test: &str, count: usize) -> Vec<World> {
    let sizes = [300, 2, 60];
    let world = |n: usize| World::new(sizes[n % sizes.len()], Dice::of(test, n).below(1 << 30) as u64);
    (0..count).filter_map(world).collect()
}

#[test]
fn k1_hard_changes_have_their_answers_after_every_day_and_in_one_delivery() {
    let worlds = worlds("contract2", amount(2, 6, 60));
    for world in &worlds {
        let house = House::new(&world.days);
        for day in 0..DAYS {
            house.deliver(day);
            house.run();
            world.judge(&house, day + 1, "undisturbed");
        }
        let house = House::new(&world.at_once());
        house.deliver(0);
        house.run();
        world.judge(&house, DAYS, "in one delivery");
    }
    tally("k1_hard_changes_have_their_answers_after_every_day_and_in_one_delivery", &[("worlds", worlds.len())]);
}

#[test]
fn k1_hard_changes_have_their_answers_in_spite_of_kills() {
    let worlds = worlds("contract2-killed", amount(1, 3, 60));
    let mut hit = 0;
    for (n, world) in worlds.iter().enumerate() {
        let mut dice = Dice::of("contract2-kills", n);
        let house = House::new(&world.days);
        let mut takes = Duration::from_millis(1500);
        for day in 0..DAYS {
            house.deliver(day);
            // A day may end with a kill: the next one goes on with what it left.
            let mut moments = vec![];
            for _ in 0..=dice.below(3) {
                let run = house.start(None);
                let moment = takes.mul_f64(dice.share());
                std::thread::sleep(moment);
                hit += usize::from(run.kill());
                moments.push(moment);
            }
            if day + 1 < DAYS && dice.below(4) == 0 {
                continue;
            }
            let clock = Instant::now();
            house.run();
            takes = clock.elapsed().max(Duration::from_millis(500));
            world.judge(&house, day + 1, &format!("killed after {moments:?}, seed {}", seed()));
        }
    }
    tally("k1_hard_changes_have_their_answers_in_spite_of_kills", &[("worlds", worlds.len()), ("kills", hit)]);
}
