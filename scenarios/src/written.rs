//! The scenarios of this folder, which can be played by name wherever the program is.

/// Each by its name, with its text; in order of name.
pub const ALL: &[(&str, &str)] = &[
    ("a-commit-after-its-fence", include_str!("../written/a-commit-after-its-fence.toml")),
    ("a-node-alone", include_str!("../written/a-node-alone.toml")),
    ("an-owner-that-stood-still", include_str!("../written/an-owner-that-stood-still.toml")),
    ("cassandra-restarts", include_str!("../written/cassandra-restarts.toml")),
    ("clocks-apart", include_str!("../written/clocks-apart.toml")),
    ("commits-that-nobody-hears-of", include_str!("../written/commits-that-nobody-hears-of.toml")),
    ("overloaded", include_str!("../written/overloaded.toml")),
    ("rolling-restart", include_str!("../written/rolling-restart.toml")),
    ("temporal-cassandra-restarts", include_str!("../written/temporal-cassandra-restarts.toml")),
    ("temporal-hosts-are-killed", include_str!("../written/temporal-hosts-are-killed.toml")),
    ("temporal-overloaded", include_str!("../written/temporal-overloaded.toml")),
    ("temporal-read-level", include_str!("../written/temporal-read-level.toml")),
    ("temporal-signal-with-start-again", include_str!("../written/temporal-signal-with-start-again.toml")),
    ("temporal-started-and-not-delivered", include_str!("../written/temporal-started-and-not-delivered.toml")),
    ("three-kills-in-a-row", include_str!("../written/three-kills-in-a-row.toml")),
];
