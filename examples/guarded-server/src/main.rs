//! The guarded server over stdio: `POLICY_GRANT=alice guarded-server POLICY.json`.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use guarded_server::{Cloud, Guarded, StartError, load_policies};
use policy_core::{Engine, Identity};
use rmcp::ServiceExt;
use rmcp::transport::stdio;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // stdout is the protocol's.
            eprintln!("guarded-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or(StartError::NoFile)?;
    let grant = env::var("POLICY_GRANT").ok().filter(|grant| !grant.is_empty()).ok_or(StartError::NoGrant)?;

    let engine = Engine::new(load_policies(Path::new(&file))?);
    let server = Guarded::new(Cloud::new(16), engine, Identity::new(grant));
    server.serve(stdio()).await?.waiting().await?;
    Ok(())
}
