//! Who may talk to etcd: passwords, permissions and certificates.

use std::path::Path;

use ember_runtime::registry::{Etcd, EtcdTls, RegistryError, Session};
use ember_tests::{
    etcd_process::EtcdProcess,
    registry::{next, open, open_ready},
    wait::eventually,
};
use etcd_client::{Client, ConnectOptions, Permission};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

async fn put(session: &dyn Session, key: &str) -> Result<i64, RegistryError> {
    session.put(key.into(), "x".into(), None).await
}

/// `root`/`root` may do everything; `ada`/`secret` may use what is below `mine/`.
async fn enable_authentication(client: &mut Client) {
    client.user_add("root", "root", None).await.unwrap();
    client.role_add("root").await.unwrap();
    client.user_grant_role("root", "root").await.unwrap();
    client.user_add("ada", "secret", None).await.unwrap();
    client.role_add("mine").await.unwrap();
    client.role_grant_permission("mine", Permission::read_write("mine/").with_prefix()).await.unwrap();
    client.user_grant_role("ada", "mine").await.unwrap();
    client.auth_enable().await.unwrap();
}

#[tokio::test]
async fn a_user_may_do_what_was_granted_and_nothing_else() {
    let etcd = EtcdProcess::start();
    open_ready(&Etcd::new([etcd.address()])).await;
    enable_authentication(&mut Client::connect([etcd.address()], None).await.unwrap()).await;

    let session = open(&Etcd::new([etcd.address()]).user("ada", "secret")).await;
    let revision = put(&*session, "mine/a").await.unwrap();
    assert_eq!(session.list("mine/".into()).await.unwrap().entries.len(), 1);
    next(&mut session.watch("mine/".into(), revision).await.unwrap()).await.unwrap();
    let lease = session.grant(std::time::Duration::from_secs(60)).await.unwrap();
    assert_eq!(session.keep_alive(lease.id).await.unwrap(), lease);

    for refused in [
        put(&*session, "other").await.err(),
        session.list("other".into()).await.err(),
        session.watch("other".into(), 1).await.err(),
    ] {
        assert!(matches!(refused, Some(RegistryError::Denied(_))), "{refused:?}");
    }
    put(&*session, "mine/b").await.expect("a refusal changes nothing for what is granted");
}

#[tokio::test]
async fn a_wrong_password_or_none_is_denied() {
    let etcd = EtcdProcess::start();
    open_ready(&Etcd::new([etcd.address()])).await;
    let before = open_ready(&Etcd::new([etcd.address()]).user("ada", "secret")).await;
    enable_authentication(&mut Client::connect([etcd.address()], None).await.unwrap()).await;
    for registry in [
        Etcd::new([etcd.address()]),
        Etcd::new([etcd.address()]).user("ada", "wrong"),
        Etcd::new([etcd.address()]).user("nobody", "secret"),
    ] {
        let error = put(&*open(&registry).await, "mine/a").await.unwrap_err();
        assert!(matches!(error, RegistryError::Denied(_)), "{registry:?}: {error}");
    }
    eventually("a session from before to log in", async || put(&*before, "mine/a").await.ok()).await;
}

#[tokio::test]
async fn a_token_that_etcd_forgot_is_renewed() {
    let mut etcd = EtcdProcess::start();
    open_ready(&Etcd::new([etcd.address()])).await;
    enable_authentication(&mut Client::connect([etcd.address()], None).await.unwrap()).await;
    let session = open(&Etcd::new([etcd.address()]).user("ada", "secret")).await;
    put(&*session, "mine/a").await.unwrap();
    etcd.stop();
    etcd.start_again();
    eventually("a write with a new token", async || put(&*session, "mine/a").await.ok()).await;
    drop(session.watch("mine/".into(), 1).await.unwrap());

    // Another user's password changes: etcd calls every older token outdated.
    let root = ConnectOptions::new().with_user("root", "root");
    let mut root = Client::connect([etcd.address()], Some(root)).await.unwrap();
    root.user_change_password("root", "new").await.unwrap();
    eventually("a write with a newer token", async || put(&*session, "mine/a").await.ok()).await;
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(parameters, key) }
    }

    /// A certificate for `name`, and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// An etcd with a certificate for `name`; one that asks the client for its own, if `ask_client`.
    fn start_etcd(&self, name: &str, ask_client: bool) -> EtcdProcess {
        EtcdProcess::start_with("https", |folder: &Path| {
            let (certificate, key) = self.issue(name);
            let file = |file: &str, text: &str| {
                let path = folder.join(file);
                std::fs::write(&path, text).unwrap();
                path.display().to_string()
            };
            let mut arguments = vec!["--cert-file".to_owned(), file("cert.pem", &certificate)];
            arguments.extend(["--key-file".to_owned(), file("key.pem", &key)]);
            if ask_client {
                arguments.extend(["--client-cert-auth".to_owned(), "--trusted-ca-file".to_owned()]);
                arguments.push(file("ca.pem", &self.pem));
            }
            arguments
        })
    }
}

#[tokio::test]
async fn tls_checks_the_server_against_the_given_authority_and_name() {
    let authority = Authority::new();
    let etcd = authority.start_etcd("etcd.test", false);
    let named = EtcdTls::ca_pem(authority.pem.clone()).domain("etcd.test");
    let session = open_ready(&Etcd::new([format!("https://{}", etcd.address())]).tls(named)).await;
    put(&*session, "a").await.unwrap();
    next(&mut session.watch("a".into(), 1).await.unwrap()).await.unwrap();

    for tls in [EtcdTls::ca_pem(Authority::new().pem).domain("etcd.test"), EtcdTls::ca_pem(authority.pem.clone())] {
        let error = put(&*open(&Etcd::new([etcd.address()]).tls(tls)).await, "a").await.unwrap_err();
        assert!(matches!(error, RegistryError::Denied(_)), "a certificate of another authority or name: {error}");
    }
    let plain = open(&Etcd::new([etcd.address()])).await;
    let error = put(&*plain, "a").await.unwrap_err();
    assert!(matches!(error, RegistryError::Unavailable(_)), "plain text to a TLS port: {error:?}");
    // A list is tried twice, so that it is no accident.
    let plain = plain.list("a".into()).await.unwrap_err();
    assert!(plain.to_string().contains(".tls(EtcdTls::ca_file("), "it says what may be missing: {plain}");
}

#[tokio::test]
async fn tls_shows_the_client_certificate() {
    let authority = Authority::new();
    let etcd = authority.start_etcd("127.0.0.1", true);
    let (certificate, key) = authority.issue("ember");
    let known = EtcdTls::ca_pem(authority.pem.clone()).identity_pem(certificate, key);
    let session = open_ready(&Etcd::new([etcd.address()]).tls(known)).await;
    put(&*session, "a").await.unwrap();

    let (certificate, key) = Authority::new().issue("ember");
    let stranger = EtcdTls::ca_pem(authority.pem.clone()).identity_pem(certificate, key);
    for tls in [EtcdTls::ca_pem(authority.pem.clone()), stranger] {
        let error = put(&*open(&Etcd::new([etcd.address()]).tls(tls)).await, "a").await.unwrap_err();
        assert!(matches!(error, RegistryError::Denied(_)), "no certificate, or a stranger's: {error}");
    }
}
