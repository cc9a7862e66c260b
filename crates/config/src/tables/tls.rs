//! TLS. It comes in a later version; its parameters are read and kept.

use crate::Param;
use crate::param::INT_MAX;

pub(super) const TABLE: &[Param] = &[
    Param::integer("tls-port", 0, 65535, "0")
        .later("TLS")
        .doc("TCP port for clients that speak TLS; 0 listens on none."),
    Param::flag("tls-replication", "no").later("TLS").doc("Speak TLS with the master."),
    Param::flag("tls-cluster", "no").later("TLS").doc("Speak TLS with other nodes of a cluster."),
    Param::choice("tls-auth-clients", &["no", "yes", "optional"], "yes")
        .doc("Whether clients must show a certificate."),
    Param::optional_text("tls-cert-file").always_applied().doc("Certificate of the server."),
    Param::optional_text("tls-key-file").always_applied().doc("Private key of the server."),
    Param::password("tls-key-file-pass").doc("Password of the server's private key."),
    Param::optional_text("tls-client-cert-file")
        .always_applied()
        .doc("Certificate for connections that we open."),
    Param::optional_text("tls-client-key-file")
        .always_applied()
        .doc("Private key for connections that we open."),
    Param::password("tls-client-key-file-pass")
        .doc("Password of the private key for connections that we open."),
    Param::optional_text("tls-dh-params-file")
        .always_applied()
        .doc("Parameters of the Diffie-Hellman exchange."),
    Param::optional_text("tls-ca-cert-file")
        .always_applied()
        .doc("Certificates that others' are checked with."),
    Param::optional_text("tls-ca-cert-dir")
        .always_applied()
        .doc("Folder of certificates that others' are checked with."),
    Param::optional_text("tls-protocols").doc("Versions of TLS that are spoken."),
    Param::optional_text("tls-ciphers").doc("Ciphers up to TLS 1.2."),
    Param::optional_text("tls-ciphersuites").doc("Cipher suites of TLS 1.3."),
    Param::flag("tls-prefer-server-ciphers", "no").doc("Let the server's order of ciphers decide."),
    Param::flag("tls-session-caching", "yes").doc("Let clients resume sessions."),
    Param::integer("tls-session-cache-size", 0, INT_MAX, "20480")
        .doc("Sessions remembered; 0 for no limit."),
    Param::integer("tls-session-cache-timeout", 0, INT_MAX, "300")
        .doc("Seconds that a session is remembered."),
];
