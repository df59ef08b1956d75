//! The store of a bucket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lakesmith_project::{Bucket, Cloud, Connection, Setting};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider};
use object_store::azure::{AzureConfigKey, AzureCredentialProvider, MicrosoftAzureBuilder};
use object_store::gcp::{GcpCredentialProvider, GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::list::PaginatedListStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

use crate::polite::Polite;
use crate::resumed::Resumed;
use crate::secret::{SecretError, resolve};

/// Why a bucket cannot be opened. It is not asked yet: that credentials are refused shows with the first request.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A secret that its connection names cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Settings that do not fit together.
    #[error("{0}")]
    Settings(object_store::Error),
}

/// A bucket, opened.
#[derive(Clone)]
pub struct OpenBucket {
    /// Its objects, by their whole names.
    pub store: Arc<dyn ObjectStore>,
    /// Their names, page by page.
    pub pages: Arc<dyn PaginatedListStore>,
    /// Who asks, on Amazon: a queue that tells of its objects is asked by the same.
    pub amazon: Option<AwsCredentialProvider>,
    /// The same on Azure.
    pub azure: Option<AzureCredentialProvider>,
    /// The same on Google.
    pub google: Option<GcpCredentialProvider>,
    /// The region, on Amazon, where one is told.
    pub region: Option<String>,
}

impl std::fmt::Debug for OpenBucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenBucket").field("store", &self.store.to_string()).finish_non_exhaustive()
    }
}

/// Opens a bucket. What `connection` does not say is taken from the environment, under the names that each cloud's own tools
/// use; where neither names credentials, the identity of the machine or container is asked for them. Paths of secrets are
/// relative to `project`.
///
/// # Errors
/// [`StoreError`] for secrets that are not there and settings that do not fit together.
pub fn open(bucket: &Bucket, connection: Option<&Connection>, project: &Path) -> Result<OpenBucket, StoreError> {
    open_with(bucket, connection, project, &Patience::default())
}

/// The same with another patience.
pub(crate) fn open_with(
    bucket: &Bucket,
    connection: Option<&Connection>,
    project: &Path,
    patience: &Patience,
) -> Result<OpenBucket, StoreError> {
    let settings = Settings { connection, project, patience };
    match bucket.cloud {
        Cloud::Amazon => amazon(&bucket.root, &settings),
        Cloud::Azure => azure(&bucket.root, &settings),
        Cloud::Google => google(&bucket.root, &settings),
    }
}

/// How long requests may take and how often they are made.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    /// For one request, its body included; else the client's half minute, or what the environment says (`AWS_TIMEOUT`).
    pub(crate) request: Option<Duration>,
    pub(crate) retry: RetryConfig,
}

impl Default for Patience {
    /// A request is tried again after an error of the server or the network, for about half a minute in all; one that hangs
    /// ends after half a minute, and is made twice more.
    fn default() -> Self {
        let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
        Patience { request: None, retry: RetryConfig { backoff, max_retries: 10, retry_timeout: Duration::from_secs(75) } }
    }
}

/// What a source's file says.
struct Settings<'a> {
    connection: Option<&'a Connection>,
    project: &'a Path,
    patience: &'a Patience,
}

impl Settings<'_> {
    fn credential(&self, key: &str) -> Result<Option<String>, SecretError> {
        match self.connection.and_then(|connection| connection.credential(key)) {
            None => Ok(None),
            Some(Setting::Plain(text)) => Ok(Some(text.clone())),
            Some(Setting::Secret(reference)) => Ok(Some(resolve(reference, self.project)?.expose().to_owned())),
        }
    }

    fn endpoint(&self) -> Option<&str> {
        self.connection?.endpoint.as_ref().map(|endpoint| endpoint.value.trim_end_matches('/'))
    }

    fn allow_http(&self) -> Option<bool> {
        self.connection?.allow_http
    }

    /// As the clients are told it.
    fn timeout(&self) -> Option<String> {
        self.patience.request.map(|timeout| format!("{} ms", timeout.as_millis()))
    }

    fn anonymous(&self) -> bool {
        self.connection.is_some_and(|connection| connection.anonymous)
    }
}

/// Opens an S3 bucket.
fn amazon(root: &str, settings: &Settings<'_>) -> Result<OpenBucket, StoreError> {
    let environment = AmazonS3Builder::from_env();
    let (id, key) = (settings.credential("access_key_id")?, settings.credential("secret_access_key")?);
    let mut builder = match (&id, &key) {
        (None, None) => environment,
        // A token of the environment belongs to the key of the environment.
        _ => {
            let mut builder = AmazonS3Builder::new();
            for kept in [
                AmazonS3ConfigKey::Region,
                AmazonS3ConfigKey::DefaultRegion,
                AmazonS3ConfigKey::Endpoint,
                AmazonS3ConfigKey::S3Endpoint,
                AmazonS3ConfigKey::VirtualHostedStyleRequest,
                AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp),
            ] {
                if let Some(value) = environment.get_config_value(&kept) {
                    builder = builder.with_config(kept, value);
                }
            }
            builder
        }
    };
    if let Some(id) = id {
        builder = builder.with_access_key_id(id);
    }
    if let Some(key) = key {
        builder = builder.with_secret_access_key(key);
    }
    if let Some(token) = settings.credential("session_token")? {
        builder = builder.with_token(token);
    }
    if let Some(region) = settings.connection.and_then(|connection| connection.region.as_ref()) {
        builder = builder.with_region(region.value.clone());
    }
    if let Some(endpoint) = settings.endpoint() {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    if let Some(allow_http) = settings.allow_http() {
        builder = builder.with_allow_http(allow_http);
    }
    if settings.anonymous() {
        builder = builder.with_skip_signature(true);
    }
    if let Some(timeout) = settings.timeout() {
        builder = builder.with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), timeout);
    }
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
    let built = builder.with_url(root).with_retry(settings.patience.retry.clone()).with_http_connector(Polite).build();
    let store = Arc::new(built.map_err(StoreError::Settings)?);
    let amazon = Some(store.credentials().clone());
    Ok(OpenBucket { store: Arc::new(Resumed::over(store.clone())), pages: store, amazon, azure: None, google: None, region })
}

/// Opens a container of Azure.
fn azure(root: &str, settings: &Settings<'_>) -> Result<OpenBucket, StoreError> {
    let environment = MicrosoftAzureBuilder::from_env();
    // Who asks is told whole, here or there: a key of the environment would win over a principal of the project.
    let told = settings.connection.is_some_and(|connection| {
        ["account_key", "sas_token", "client_id", "client_secret"].iter().any(|key| connection.credential(key).is_some())
    });
    let mut builder = match told {
        false => environment,
        true => {
            let mut builder = MicrosoftAzureBuilder::new();
            for kept in [AzureConfigKey::AccountName, AzureConfigKey::AuthorityHost, AzureConfigKey::MsiEndpoint] {
                if let Some(value) = environment.get_config_value(&kept) {
                    builder = builder.with_config(kept, value);
                }
            }
            builder
        }
    };
    if let Some(account) = settings.credential("account")? {
        builder = builder.with_account(account);
    }
    if let Some(key) = settings.credential("account_key")? {
        builder = builder.with_access_key(key);
    }
    if let Some(signature) = settings.credential("sas_token")? {
        builder = builder.with_config(AzureConfigKey::SasKey, signature);
    }
    if let Some(tenant) = settings.credential("tenant_id")? {
        builder = builder.with_tenant_id(tenant);
    }
    if let Some(client) = settings.credential("client_id")? {
        builder = builder.with_client_id(client);
    }
    if let Some(secret) = settings.credential("client_secret")? {
        builder = builder.with_client_secret(secret);
    }
    if let Some(endpoint) = settings.endpoint() {
        builder = builder.with_endpoint(endpoint.to_owned());
    }
    if let Some(allow_http) = settings.allow_http() {
        builder = builder.with_allow_http(allow_http);
    }
    if let Some(timeout) = settings.timeout() {
        builder = builder.with_config(AzureConfigKey::Client(ClientConfigKey::Timeout), timeout);
    }
    if settings.anonymous() {
        builder = builder.with_skip_signature(true);
    }
    let built = builder.with_url(root).with_retry(settings.patience.retry.clone()).with_http_connector(Polite).build();
    let store = Arc::new(built.map_err(StoreError::Settings)?);
    let azure = Some(store.credentials().clone());
    Ok(OpenBucket {
        store: Arc::new(Resumed::over(store.clone())),
        pages: store,
        amazon: None,
        azure,
        google: None,
        region: None,
    })
}

/// Opens a bucket of Google.
fn google(root: &str, settings: &Settings<'_>) -> Result<OpenBucket, StoreError> {
    let mut builder = GoogleCloudStorageBuilder::from_env();
    if let Some(key) = settings.credential("service_account_key")? {
        builder = GoogleCloudStorageBuilder::new().with_service_account_key(key);
    }
    if let Some(endpoint) = settings.endpoint() {
        builder = builder.with_base_url(endpoint);
    }
    if let Some(allow_http) = settings.allow_http() {
        builder = builder.with_config(GoogleConfigKey::Client(ClientConfigKey::AllowHttp), allow_http.to_string());
    }
    if let Some(timeout) = settings.timeout() {
        builder = builder.with_config(GoogleConfigKey::Client(ClientConfigKey::Timeout), timeout);
    }
    if settings.anonymous() {
        builder = builder.with_skip_signature(true);
    }
    let built = builder.with_url(root).with_retry(settings.patience.retry.clone()).with_http_connector(Polite).build();
    let store = Arc::new(built.map_err(StoreError::Settings)?);
    let google = Some(store.credentials().clone());
    let resumed = Arc::new(Resumed::over(store.clone()));
    Ok(OpenBucket { store: resumed, pages: store, amazon: None, azure: None, google, region: None })
}
