//! References to secrets. A project holds none itself: it says where one is kept.

use crate::yaml::Node;
use lakesmith_text::Spanned;

/// Where a secret is kept: `${secret:env:NAME}`, `${secret:file:PATH}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// Who keeps it.
    pub provider: SecretProvider,
    /// Its name there: of the variable, or the path of the file relative to the project.
    pub name: String,
}

/// Who keeps secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretProvider {
    /// The environment of the process.
    Env,
    /// A file, as containers mount them.
    File,
}

/// A value that may be written as it is, or kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// As it is written.
    Plain(String),
    /// Kept elsewhere.
    Secret(SecretRef),
}

/// Keepers that are known and do not work yet.
const LATER: [&str; 5] = ["vault", "azure-key-vault", "aws-secrets-manager", "gcp-secret-manager", "databricks"];

/// Why a value is no reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretFault {
    /// It is the value itself.
    Plain,
    /// A keeper that is not built yet.
    Later(&'static str),
    /// A reference that names no keeper there is, or nothing there.
    Malformed,
}

/// What a value refers to.
pub(crate) fn reference(text: &str) -> Result<SecretRef, SecretFault> {
    let Some(inside) = text.trim().strip_prefix("${secret:") else { return Err(SecretFault::Plain) };
    let inside = inside.strip_suffix('}').ok_or(SecretFault::Malformed)?;
    let (provider, name) = inside.split_once(':').ok_or(SecretFault::Malformed)?;
    let provider = match provider {
        "env" => SecretProvider::Env,
        "file" => SecretProvider::File,
        other => match LATER.into_iter().find(|later| *later == other) {
            Some(later) => return Err(SecretFault::Later(later)),
            None => return Err(SecretFault::Malformed),
        },
    };
    match name.trim() {
        "" => Err(SecretFault::Malformed),
        name => Ok(SecretRef { provider, name: name.to_owned() }),
    }
}

/// A value that may be a reference; a malformed one is taken as it is written, which was said by then.
pub(crate) fn setting(node: &Node) -> Option<Spanned<Setting>> {
    let text = node.text()?;
    let value = match reference(&text) {
        Ok(found) => Setting::Secret(found),
        Err(_) => Setting::Plain(text.value.clone()),
    };
    Some(Spanned::new(value, text.span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_its_keeper() {
        let found = |provider, name: &str| Ok(SecretRef { provider, name: name.to_owned() });
        assert_eq!(reference("${secret:env:SHOP_KEY}"), found(SecretProvider::Env, "SHOP_KEY"));
        assert_eq!(reference("${secret:file:/run/secrets/a:b}"), found(SecretProvider::File, "/run/secrets/a:b"));
        assert_eq!(reference("${secret:vault:x}"), Err(SecretFault::Later("vault")));
        for text in ["${secret:env}", "${secret:env:}", "${secret:env:X", "${secret:nobody:X}"] {
            assert_eq!(reference(text), Err(SecretFault::Malformed), "{text}");
        }
        assert_eq!(reference("AKIA123"), Err(SecretFault::Plain));
        assert_eq!(reference("$SHOP_KEY"), Err(SecretFault::Plain));
    }
}
