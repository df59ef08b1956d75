//! Hierarchies: each value of a level lies in one value of the level above, or sums by the finer level are not those of the
//! coarser one. It is counted, not refused: a city that lies in two states is a finding about the data, no reason to stop.

use super::Members;
use crate::select::quote;
use crate::step::Counted;

/// Per level, how many values of the batch's members lie in several values of the level above.
pub(super) fn counts(members: &Members<'_>) -> Vec<Counted> {
    let levels = members.dimension.hierarchies.iter().flat_map(|(_, levels)| levels.windows(2));
    let mut counts: Vec<Counted> = vec![];
    for pair in levels {
        let [parent, child] = pair else { continue };
        let (above, below) = (quote(&parent.value), quote(&child.value));
        let name = format!("{} of several {}", child.value, parent.value);
        if counts.iter().any(|counted| counted.name == name) {
            continue;
        }
        // The members of the batch are compared with all others.
        let sql = format!(
            "SELECT count(*) FROM (SELECT `s`.{below} AS `_below` FROM {} `s` LEFT SEMI JOIN `result` ON `s`.{below} = `result`.{below} GROUP BY `s`.{below} HAVING count(DISTINCT `s`.{above}) > 1)",
            members.input.quoted()
        );
        counts.push(Counted { name, sql });
    }
    counts
}
