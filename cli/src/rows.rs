//! How many rows of a list: `-L` and `--all`.

/// Where `--all` stops, so that a script's memory has a limit. The inbox is made for as many conversations.
const ALL_MAX: u32 = 100_000;

/// Flags of a list that shows `N` rows unless told otherwise.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rows<const N: u32> {
    /// Rows at most
    #[arg(short = 'L', long, default_value_t = N, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// All rows, up to 100,000
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl<const N: u32> Rows<N> {
    /// So many at most.
    pub(crate) fn most(&self) -> u32 {
        if self.all { ALL_MAX } else { self.limit }
    }
}
