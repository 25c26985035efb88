//! `afenda man`: manual pages, made from the same command line that the program reads.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::context::Context;
use crate::error::CliError;

/// Print the manual page, or write all pages into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The folder, such as ~/.local/share/man/man1
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self, ctx: &mut Context) -> Result<(), CliError> {
        let failed = |err: std::io::Error| CliError::failed("cannot write the manual pages").because(err);
        match &self.dir {
            Some(dir) => {
                std::fs::create_dir_all(dir).map_err(failed)?;
                clap_mangen::generate_to(crate::Cli::command(), dir).map_err(failed)?;
                ctx.out.note(&format!("written to {}", dir.display()));
                Ok(())
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(crate::Cli::command()).render(&mut page).map_err(failed)?;
                ctx.out.raw(&String::from_utf8_lossy(&page))
            }
        }
    }
}
