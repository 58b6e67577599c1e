//! An MCP server whose tools are guarded by the policy engine, in process. [`Cloud`] is the server: four tools that know
//! nothing of policies. [`Guarded`] stands before it and is what there is to learn here; `README.md` walks through it.

mod cloud;
mod guard;
mod start;

pub use cloud::{Cloud, Pod, State};
pub use guard::{APPROVAL, Guarded};
pub use start::{StartError, load_policies};
