//! How much memory there is for this process.

use std::path::{Path, PathBuf};

/// Bytes where nothing is known.
const UNKNOWN: u64 = 4 << 30;

/// Bytes of memory that this process may have: those of the machine, or of a group of processes that it belongs to, such as a
/// container, if that is given less. 4 GiB where nothing is known.
pub(super) fn of_machine() -> u64 {
    below(Path::new("/"))
}

fn below(root: &Path) -> u64 {
    let read = |path: &Path| std::fs::read_to_string(root.join(path)).ok();
    let total = read(Path::new("proc/meminfo")).and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
    });
    let groups = read(Path::new("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(limits).filter_map(|path| read(&path)?.trim().parse().ok());
    limits.chain(total).min().unwrap_or(UNKNOWN)
}

/// The files that may limit a group and those around it, of a line of `/proc/self/cgroup`: `0::/path` of the second version,
/// `4:memory:/path` of the first.
fn limits(line: &str) -> Vec<PathBuf> {
    let mut parts = line.splitn(3, ':');
    let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { return vec![] };
    let (root, file) = match controllers {
        "" => ("sys/fs/cgroup", "memory.max"),
        list if list.split(',').any(|name| name == "memory") => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return vec![],
    };
    let path = Path::new(path.trim_start_matches('/'));
    path.ancestors().map(|group| Path::new(root).join(group).join(file)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn memory(files: &[(&str, &str)]) -> u64 {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        below(root.path())
    }

    #[test]
    fn the_least_of_what_limits_the_process_is_what_there_is() {
        const MACHINE: (&str, &str) = ("proc/meminfo", "MemFree: 1 kB\nMemTotal:       16384 kB\n");
        assert_eq!(memory(&[]), UNKNOWN);
        assert_eq!(memory(&[MACHINE]), 16 << 20);
        let second = ("proc/self/cgroup", "0::/system.slice/job.scope\n");
        let none = ("sys/fs/cgroup/system.slice/job.scope/memory.max", "max\n");
        assert_eq!(memory(&[MACHINE, second, none]), 16 << 20);
        let around = ("sys/fs/cgroup/system.slice/memory.max", "4194304\n");
        assert_eq!(memory(&[MACHINE, second, none, around]), 4 << 20);
        let own = ("sys/fs/cgroup/system.slice/job.scope/memory.max", "2097152\n");
        assert_eq!(memory(&[MACHINE, second, own, around]), 2 << 20);
        // In a container the group is the root.
        assert_eq!(memory(&[MACHINE, ("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "1048576\n")]), 1 << 20);
        let first = ("proc/self/cgroup", "5:cpu:/x\n4:hugetlb,memory:/docker/abc\n");
        let limit = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "3145728\n");
        assert_eq!(memory(&[MACHINE, first, limit]), 3 << 20);
        let much = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(memory(&[MACHINE, first, much]), 16 << 20);
    }
}
