//! The command line: parse arguments, call one function, print.
//!
//! What a command prints on standard output is its result and nothing else; progress, warnings and errors go to standard
//! error. Each command is a file in [`commands`]; [`format`] lays out rows, [`console`] knows the terminal, and [`exit`] what
//! the exit codes mean. No rule about projects, tables or SQL lives here.

mod amounts;
mod args;
mod commands;
mod console;
mod erd;
mod examples;
mod exit;
mod format;
mod grid;
mod log;
mod near;
mod open;
mod progress;
mod rows;
mod shell;

use args::Cli;
use console::Console;
use exit::Exit;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of a worker's stack: plans of deeply nested SQL are walked by recursion.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let cli = args::parse();
    let console = Console::new(cli.globals.color, cli.globals.quiet);
    log::start(&cli.globals, &console);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_stack_size(STACK);
    if let Some(threads) = cli.globals.threads {
        builder.worker_threads(threads);
    }
    let exit = match builder.build() {
        Ok(runtime) => {
            let exit = runtime.block_on(until_interrupted(cli, &console));
            // What still computes is abandoned: nothing of it counts before it is committed.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            console.error(&format!("the operating system gives no threads: {error}"));
            Exit::Failed
        }
    };
    exit.into()
}

/// Runs the command, but no longer than until Ctrl-C; one that watches ends by itself then.
async fn until_interrupted(cli: Cli, console: &Console) -> Exit {
    let watches = matches!(&cli.command, commands::Command::Run(args) if args.watch);
    if watches {
        return commands::run(cli, console).await.unwrap_or_else(|stop| stop.tell(console));
    }
    tokio::select! {
        ended = commands::run(cli, console) => ended.unwrap_or_else(|stop| stop.tell(console)),
        Ok(()) = tokio::signal::ctrl_c() => {
            console.error("interrupted; what was committed stays, and the next run goes on from there");
            Exit::Interrupted
        }
    }
}
