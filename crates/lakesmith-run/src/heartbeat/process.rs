//! A process, as another one can recognise it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;

/// A process that runs flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The machine, by the name that people know.
    pub host: String,
    /// Its number there.
    pub process: u32,
    /// The machine since it was switched on, and which of its worlds of process numbers: containers have their own.
    /// `None` where the system does not tell.
    machine: Option<String>,
    /// When the process began, in the machine's own ticks: numbers are given again.
    started: Option<u64>,
}

impl Process {
    /// This one.
    pub(crate) fn this() -> Process {
        let process = std::process::id();
        let text = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let boot = text("/proc/sys/kernel/random/boot_id");
        let numbers = fs::read_link("/proc/self/ns/pid").ok().map(|link| link.display().to_string());
        Process {
            host: text("/proc/sys/kernel/hostname").unwrap_or_else(|| "an unnamed host".to_owned()),
            process,
            machine: boot.zip(numbers).map(|(boot, numbers)| format!("{boot} {numbers}")),
            started: started(process),
        }
    }

    /// Whether it is known to have ended. Of a process of another machine nothing is known.
    pub(crate) fn is_gone(&self) -> bool {
        let here = Process::this();
        let comparable =
            here.machine.is_some() && here.machine == self.machine && here.started.is_some() && self.started.is_some();
        comparable && started(self.process) != self.started
    }
}

#[cfg(test)]
impl Process {
    /// One of this machine that has ended.
    pub(crate) fn ended() -> Process {
        let this = Process::this();
        Process { started: this.started.map(|started| started + 1), ..this }
    }

    /// One of another machine.
    pub(crate) fn elsewhere() -> Process {
        Process { host: "elsewhere".to_owned(), machine: Some("another".to_owned()), ..Process::this() }
    }
}

/// When a living process began: the 22nd field of `/proc/<process>/stat`, proc_pid_stat(5). One that was killed and whose
/// parent has not asked for it (`Z`) does not live.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in brackets, and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.process, self.host)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_gone_when_it_has_ended_or_its_number_is_another_ones() {
        let this = Process::this();
        assert!(!this.is_gone());
        if this.started.is_none() {
            return;
        }
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let other = Process { process: child.id(), started: started(child.id()), ..this.clone() };
        assert!(!other.is_gone());
        assert!(Process { started: Some(1), ..other.clone() }.is_gone(), "another process of this number");
        child.kill().unwrap();
        // Before its parent has asked for it, too; the signal takes a moment.
        for _ in 0..200 {
            if other.is_gone() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(other.is_gone());
        child.wait().unwrap();
        assert!(other.is_gone());
        assert!(!Process { machine: Process::elsewhere().machine, ..other }.is_gone(), "of another machine nothing is known");
    }
}
