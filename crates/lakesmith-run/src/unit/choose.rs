//! Which tests are meant: by their names, by their tags and files, or by the tables of which they expect something.

use super::check;
use lakesmith_compile::{Plan, Selection};
use lakesmith_project::{Project, UnitTest};
use lakesmith_text::nearest;
use std::collections::BTreeSet;

/// The tests that any of `select` means, without those that any of `exclude` does; nothing selected means all. A selector is
/// a test's name (`*` stands for any text), `tag:` with a tag of the test, `path:` with the begin of its file, or whatever
/// selects flows: tests are meant that expect something of one of the tables.
pub(super) fn choose(project: &Project, plan: &Plan, select: &[String], exclude: &[String]) -> Result<Vec<usize>, String> {
    let choosing = Choosing { project, plan };
    let mut chosen: BTreeSet<usize> = match select.is_empty() {
        true => (0..project.tests.len()).collect(),
        false => choosing.all(select)?,
    };
    for test in choosing.all(exclude)? {
        chosen.remove(&test);
    }
    Ok(chosen.into_iter().collect())
}

struct Choosing<'a> {
    project: &'a Project,
    plan: &'a Plan,
}

impl Choosing<'_> {
    fn all(&self, selectors: &[String]) -> Result<BTreeSet<usize>, String> {
        let mut all = BTreeSet::new();
        for selector in selectors {
            all.extend(self.one(selector)?);
        }
        Ok(all)
    }

    fn one(&self, selector: &str) -> Result<BTreeSet<usize>, String> {
        let own = self.tests(|test| self.is_named(test, selector));
        let selection = Selection { select: vec![selector.to_owned()], exclude: vec![] };
        let tables = selection.resolve(self.plan, self.project);
        let of_tables = match &tables {
            Ok(tables) => self.tests(|test| {
                let mut expected = check::expected_tables(test).filter_map(|name| check::table(self.plan, name));
                expected.any(|(flow, _)| tables.contains(&flow.name))
            }),
            Err(_) => BTreeSet::new(),
        };
        match tables {
            Err(error) if own.is_empty() => {
                let names = self.project.tests.iter().map(|test| test.name.value.as_str());
                Err(match nearest(selector, names) {
                    Some(near) => format!("`{selector}` selects no test; did you mean `{near}`?"),
                    None => format!("no test has this name, tag or file, and as a table {error}"),
                })
            }
            Ok(_) if own.is_empty() && of_tables.is_empty() => {
                Err(format!("no test expects anything of what `{selector}` selects"))
            }
            _ => Ok(own.into_iter().chain(of_tables).collect()),
        }
    }

    fn tests(&self, of: impl Fn(&UnitTest) -> bool) -> BTreeSet<usize> {
        (0..self.project.tests.len()).filter(|test| of(&self.project.tests[*test])).collect()
    }

    fn is_named(&self, test: &UnitTest, selector: &str) -> bool {
        match selector.split_once(':') {
            Some(("tag", tag)) => test.tags.iter().any(|own| own.value == tag),
            Some(("path", path)) => self.project.sources_text.path(test.at.file).starts_with(path.trim_end_matches('/')),
            _ => is_like(selector, &test.name),
        }
    }
}

/// Whether a name is as a pattern says, in which `*` stands for any text.
fn is_like(pattern: &str, name: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(begin) else { return false };
    (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| is_like(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(is_like("a corrected order*", "a corrected order replaces its lines"));
        assert!(is_like("*", "") && is_like("*lines", "its lines") && is_like("a*b*c", "a-b-b-c"));
        assert!(!is_like("a corrected", "a corrected order") && !is_like("*x", "y") && !is_like("a*b", "ac"));
    }
}
