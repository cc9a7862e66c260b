//! Who may do what.

use crate::Param;

const WHO: &[&str] = &["no", "yes", "local"];

pub(super) const TABLE: &[Param] = &[
    Param::password("requirepass").doc("Password of the default user."),
    Param::text("aclfile", "").immutable().doc("File that holds the users."),
    Param::integer("acllog-max-len", 0, i64::MAX, "128").doc("Refusals that ACL LOG remembers."),
    Param::choice("acl-pubsub-default", &["allchannels", "resetchannels"], "resetchannels")
        .doc("Channels that a new user may use."),
    Param::choice("enable-protected-configs", WHO, "no")
        .immutable()
        .doc("Who may change where files are written: nobody, everybody, clients of this machine."),
    Param::choice("enable-debug-command", WHO, "no")
        .immutable()
        .doc("Who may call DEBUG: nobody, everybody, clients of this machine."),
    Param::choice("enable-module-command", WHO, "no")
        .immutable()
        .doc("Who may call MODULE LOAD and UNLOAD, which fail: there are no modules."),
    Param::choice("sanitize-dump-payload", &["no", "yes", "clients"], "no")
        .doc("How deeply RESTORE and loading look for damage; Regent always looks."),
];
