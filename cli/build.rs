//! How the program is linked, so that a command that is over in milliseconds reads and keeps little of it; docs/performance.md has what each saves.
//!
//! - Its 70,000 relative relocations as a bitmap (DT_RELR) where the C library here can read one: 26 KB instead of 1.7 MB at each start.
//! - In a release build by lld, the functions that everyday commands run side by side (`command.ld`, made by `bench/order`).

use std::{env, fs, path::Path, process::Command};

/// The first glibc that reads such a bitmap.
const READS: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=command.ld");
    let at_home = var("HOST") == var("TARGET");
    if !at_home || var("CARGO_CFG_TARGET_OS") != "linux" || var("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    if glibc().is_some_and(|found| found >= READS) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    // GNU ld understands the list too, and takes more than ten minutes over it.
    if var("PROFILE") == "release" && by_lld() == Some(true) {
        println!("cargo:rustc-link-arg-bins=-T{}/command.ld", var("CARGO_MANIFEST_DIR"));
    }
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// The version of this machine's C library, as `getconf` tells it: `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether programs are linked by lld here, as rustc itself does on x86_64 since 1.90: it leaves its name in what it makes. Only a program that is
/// made with the same compiler, linker and flags can tell.
fn by_lld() -> Option<bool> {
    let out = var("OUT_DIR");
    let (source, made) = (Path::new(&out).join("linked.rs"), Path::new(&out).join("linked"));
    fs::write(&source, "fn main() {}").ok()?;
    let mut rustc = Command::new(env::var_os("RUSTC")?);
    rustc.arg(&source).arg("-o").arg(&made).args(var("CARGO_ENCODED_RUSTFLAGS").split('\x1f').filter(|flag| !flag.is_empty()));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={}", linker.to_str()?));
    }
    rustc.output().ok()?.status.success().then_some(())?;
    let name = b"Linker: LLD";
    Some(fs::read(&made).ok()?.windows(name.len()).any(|bytes| bytes == name))
}
