//! The protocols of clouds, spoken to servers on the loopback.

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;

use super::servers::Server;
use super::writers::{appends, eight_writers};
use super::*;

fn s3(server: &Server) -> Storage {
    let store = AmazonS3Builder::new()
        .with_bucket_name("lake")
        .with_region("us-east-1")
        .with_endpoint(format!("http://127.0.0.1:{}", server.port))
        .with_allow_http(true)
        .with_access_key_id("testing")
        .with_secret_access_key("testing");
    over(Arc::new(store.build().unwrap()), "s3://lake/dev")
}

fn azure(server: &Server) -> Storage {
    let store = MicrosoftAzureBuilder::new()
        .with_account("devstoreaccount1")
        .with_access_key("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
        .with_endpoint(format!("http://127.0.0.1:{}/devstoreaccount1", server.port))
        .with_container_name("lake")
        .with_allow_http(true);
    over(Arc::new(store.build().unwrap()), "az://lake/dev")
}

fn over(store: Arc<dyn ObjectStore>, url: &str) -> Storage {
    Storage::with_store(store, url.parse().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn w3_eight_writers_append_to_a_table_on_s3() {
    let Some(server) = Server::s3(&[]) else { return };
    s3(&server).prove().await.unwrap();
    eight_writers(|| s3(&server), appends(2, 3, 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn w3_s1_s2_eight_writers_append_to_a_table_on_s3_while_a_tenth_of_the_answers_fail() {
    let Some(server) = Server::s3(&["--fail", "10", "--conflicts"]) else { return };
    s3(&server).prove().await.unwrap();
    eight_writers(|| s3(&server), appends(1, 2, 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn w3_eight_writers_append_to_a_table_on_azure() {
    let Some(server) = Server::azure() else { return };
    azure(&server).prove().await.unwrap();
    eight_writers(|| azure(&server), appends(2, 3, 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s4_s3_without_if_none_match_is_refused() {
    let Some(server) = Server::s3(&["--ignore-conditions"]) else { return };
    let refused = s3(&server).prove().await.unwrap_err();
    assert!(matches!(refused, DeltaError::Unsafe { .. }), "{refused}");
}
