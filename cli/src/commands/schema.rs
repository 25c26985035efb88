//! `afenda schema`: the types that the API answers with and `--json` prints, as JSON Schema.

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column};
use crate::shape;

/// Print a type as JSON Schema; without a type, list all
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// Such as ApprovalView
    #[arg(value_name = "TYPE")]
    name: Option<String>,
}

const COLUMNS: &[Column<String>] = &[column("TYPE", |row, _| row.clone())];

impl Schema {
    pub(crate) fn run(&self, ctx: &mut Context) -> Result<(), CliError> {
        let Some(name) = &self.name else {
            let mut names: Vec<String> = shape::schemas().keys().cloned().collect();
            names.sort();
            return ctx.out.list(&names, COLUMNS, "no type");
        };
        let schema = shape::schema(name).ok_or_else(|| {
            CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no type `{name}`")).hint("`afenda schema` lists all")
        })?;
        if ctx.out.is_structured() {
            return ctx.out.json(&schema);
        }
        ctx.out.raw(&format!("{schema:#}\n"))
    }
}
