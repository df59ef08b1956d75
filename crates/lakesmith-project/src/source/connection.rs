//! How a source's store is reached: its address and who asks.

use crate::fields::Fields;
use crate::location::Cloud;
use crate::secret::{self, SecretFault, Setting};
use crate::shape::{Key, Object, Shape};
use lakesmith_text::{Diagnostic, Diagnostics, Span, Spanned};

/// What a source says of its store, beyond the place. What it leaves out comes from the environment, under the names that
/// each cloud's own tools use.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its place in the file.
    pub at: Span,
    /// Where the service answers, if not at the cloud's own address.
    pub endpoint: Option<Spanned<String>>,
    /// The region of the bucket.
    pub region: Option<Spanned<String>>,
    /// Whether the service may be asked without TLS.
    pub allow_http: Option<bool>,
    /// Whether requests go unsigned, as public buckets take them.
    pub anonymous: bool,
    /// Who asks, by key: `access_key_id`, `client_secret`, ….
    pub credentials: Vec<(&'static str, Spanned<Setting>)>,
}

impl Connection {
    /// A credential by its key.
    pub fn credential(&self, key: &str) -> Option<&Setting> {
        self.credentials.iter().find(|(name, _)| *name == key).map(|(_, setting)| &setting.value)
    }
}

/// A credential: its key, whose it is, and whether it is secret.
const CREDENTIALS: [(&str, Cloud, bool); 10] = [
    ("access_key_id", Cloud::Amazon, false),
    ("secret_access_key", Cloud::Amazon, true),
    ("session_token", Cloud::Amazon, true),
    ("account", Cloud::Azure, false),
    ("account_key", Cloud::Azure, true),
    ("sas_token", Cloud::Azure, true),
    ("tenant_id", Cloud::Azure, false),
    ("client_id", Cloud::Azure, false),
    ("client_secret", Cloud::Azure, true),
    ("service_account_key", Cloud::Google, true),
];

/// `connection:`
pub(crate) const CONNECTION: Object = Object {
    name: "a connection",
    may_be_empty: true,
    keys: &[
        Key::optional(
            "endpoint",
            Shape::Text,
            "Where the service answers, if not at the cloud's own address: `https://minio.example:9000`.",
        ),
        Key::optional("region", Shape::Text, "The region of an S3 bucket. Left out: `AWS_REGION`, else `us-east-1`."),
        Key::defaulted("allow_http", Shape::Bool, "false", "Whether the service may be asked without TLS."),
        Key::defaulted("anonymous", Shape::Bool, "false", "Whether requests go unsigned, as public buckets take them."),
        Key::optional("access_key_id", Shape::Text, "S3: the key's id."),
        Key::optional("secret_access_key", Shape::Text, "S3: the key, as `${secret:env:NAME}` or `${secret:file:PATH}`."),
        Key::optional("session_token", Shape::Text, "S3: the token of a temporary key, as a reference to a secret."),
        Key::optional("account", Shape::Text, "Azure: the storage account, where the URL does not name it."),
        Key::optional("account_key", Shape::Text, "Azure: the account's key, as a reference to a secret."),
        Key::optional("sas_token", Shape::Text, "Azure: a shared access signature, as a reference to a secret."),
        Key::optional("tenant_id", Shape::Text, "Azure: the tenant of a service principal."),
        Key::optional("client_id", Shape::Text, "Azure: a service principal, or the managed identity to take of several."),
        Key::optional("client_secret", Shape::Text, "Azure: the service principal's secret, as a reference to a secret."),
        Key::optional(
            "service_account_key",
            Shape::Text,
            "Google: the JSON of a service account's key, as a reference to a secret.",
        ),
    ],
};

/// Reads it, and says which of its values do not belong in a project. `cloud` is where the source lies; `first` is the first
/// line of the file, to point at instead of one that may hold a secret.
pub(crate) fn read(source: &Fields<'_>, cloud: Option<Cloud>, first: Span, diagnostics: &mut Diagnostics) -> Option<Connection> {
    let fields = source.object("connection", &CONNECTION)?;
    let mut credentials = vec![];
    for (key, owner, secret) in CREDENTIALS {
        let Some(node) = fields.get(key) else { continue };
        let Some(setting) = secret::setting(node) else { continue };
        let text = node.text().map(|text| text.value).unwrap_or_default();
        match secret::reference(&text) {
            Err(SecretFault::Plain) if secret => diagnostics.push(plain(&format!("connection.{key}"), first)),
            Err(SecretFault::Later(provider)) => diagnostics.push(
                Diagnostic::error("unsupported", format!("secrets of `{provider}` cannot be read yet"))
                    .at(fields.place(key))
                    .help("what works: `${secret:env:NAME}` and `${secret:file:PATH}`"),
            ),
            Err(SecretFault::Malformed) => diagnostics.push(
                Diagnostic::error("invalid-value", format!("`{key}` is no reference to a secret"))
                    .at(fields.place(key))
                    .help("write `${secret:env:NAME}` or `${secret:file:PATH}`"),
            ),
            _ if cloud.is_some_and(|cloud| cloud != owner) => diagnostics.push(
                Diagnostic::error("conflicting-keys", format!("`{key}` does not belong to the storage that `path` names"))
                    .at(fields.place(key))
                    .related(source.place("path"), "the path is here"),
            ),
            _ => {}
        }
        credentials.push((key, setting));
    }
    if cloud.is_none() {
        crate::names::no_effect(source, "connection", "a path in a cloud: `s3://…`, `abfss://…`, `gs://…`", diagnostics);
    }
    Some(Connection {
        at: fields.at,
        endpoint: fields.text("endpoint"),
        region: fields.text("region"),
        allow_http: fields.bool("allow_http"),
        anonymous: fields.bool("anonymous").unwrap_or(false),
        credentials,
    })
}

/// A secret in plain text. Its line is not shown: findings end up in logs.
pub(crate) fn plain(key: &str, first: Span) -> Diagnostic {
    Diagnostic::error("plain-secret", format!("`{key}` holds a secret in plain text"))
        .at(first)
        .label("in this file")
        .help("replace the key that lay open, and write `${secret:env:NAME}` or `${secret:file:PATH}` in its place")
}
