//! Secrets, fetched from where a project says they are kept.

use std::fmt;
use std::path::Path;

use lakesmith_project::{SecretProvider, SecretRef};

/// A secret. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for whoever has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Why a secret could not be had. It names the place, never the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or not text.
    #[error("the secret `{0}` is not in the environment: set the variable, or name another one in the project")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("the secret in the file `{path}` cannot be read: {reason}")]
    NoFile {
        /// As the project names it.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// There is nothing in it.
    #[error("the secret `{0}` is empty")]
    Empty(String),
}

/// Fetches a secret. Files are relative to `project`; a line break at their end does not belong to the secret.
///
/// # Errors
/// [`SecretError`] when it is not there.
pub fn resolve(reference: &SecretRef, project: &Path) -> Result<Secret, SecretError> {
    let name = &reference.name;
    let value = match reference.provider {
        SecretProvider::Env => std::env::var(name).map_err(|_| SecretError::NoVariable(name.clone()))?,
        SecretProvider::File => {
            let fail = |reason: String| SecretError::NoFile { path: name.clone(), reason };
            let text = std::fs::read_to_string(project.join(name)).map_err(|error| fail(error.kind().to_string()))?;
            text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text)).unwrap_or(&text).to_owned()
        }
    };
    match value.is_empty() {
        true => Err(SecretError::Empty(name.clone())),
        false => Ok(Secret(value)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_a_file_or_the_environment_and_is_not_printed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "the canary\r\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        let find = |provider, name: &str| resolve(&SecretRef { provider, name: name.to_owned() }, folder.path());
        let found = find(SecretProvider::File, "key").unwrap();
        assert_eq!(found.expose(), "the canary");
        assert!(!format!("{found:?}").contains("canary"));
        assert!(!find(SecretProvider::Env, "PATH").unwrap().expose().is_empty());
        assert!(find(SecretProvider::File, "empty").unwrap_err().to_string().contains("is empty"));
        assert!(find(SecretProvider::File, "gone").unwrap_err().to_string().contains("`gone` cannot be read"));
        assert!(find(SecretProvider::Env, "LAKESMITH_NO_SUCH").unwrap_err().to_string().contains("not in the environment"));
    }
}
