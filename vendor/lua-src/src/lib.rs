//! Builds the Lua beside it. The crate `mlua-sys` calls this from its build script, under the name and by the functions
//! of the crate that this one replaces.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Which Lua to build: there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 5.1.5
    Lua51,
}

pub use Version::Lua51;

/// How it is built: as cargo tells build scripts by their environment.
#[derive(Debug, Default)]
pub struct Build;

/// What was built.
#[derive(Debug)]
pub struct Artifacts {
    lib_dir: PathBuf,
    include_dir: PathBuf,
}

const NAME: &str = "lua5.1";

impl Build {
    /// A build that is about to be made.
    pub fn new() -> Build {
        Build
    }

    /// Builds it.
    ///
    /// # Panics
    /// Outside of a build script, and where there is no compiler.
    pub fn build(&self, _: Version) -> Artifacts {
        let source_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("lua-5.1.5");
        let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("a build script has OUT_DIR"));
        let target = env::var("TARGET").expect("a build script has TARGET");
        let lib_dir = out_dir.join("lib");
        let files = fs::read_dir(&source_dir).expect("the sources are beside this crate");
        let mut files: Vec<PathBuf> = files.filter_map(|it| Some(it.ok()?.path())).collect();
        files.sort();
        for file in &files {
            println!("cargo:rerun-if-changed={}", file.display());
        }
        files.retain(|file| file.extension().is_some_and(|it| it == "c"));
        let mut build = cc::Build::new();
        if !target.contains("windows") {
            let has_linux_calls = ["linux", "bsd", "dragonfly", "apple-darwin"];
            let is_linux = has_linux_calls.iter().any(|it| target.contains(it));
            build.define(if is_linux { "LUA_USE_LINUX" } else { "LUA_USE_POSIX" }, None);
        }
        if cfg!(debug_assertions) {
            build.define("LUA_USE_APICHECK", None);
        }
        build
            .cargo_metadata(false)
            .warnings(false)
            .flag_if_supported("-fno-common")
            // Lua counts on sums that wrap around where C leaves them undefined, and compilers remove the checks.
            .flag_if_supported("-fwrapv")
            .include(&source_dir)
            .files(files)
            .out_dir(&lib_dir)
            .compile(NAME);
        Artifacts { lib_dir, include_dir: source_dir }
    }
}

impl Artifacts {
    /// Tells cargo how to link it.
    pub fn print_cargo_metadata(&self) {
        println!("cargo:rustc-link-search=native={}", self.lib_dir.display());
        println!("cargo:rustc-link-lib=static={NAME}");
        println!("cargo:include={}", self.include_dir.display());
        println!("cargo:lib={}", self.lib_dir.display());
    }
}
