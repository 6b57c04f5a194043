//! The folder of logs: a manifest, the program, and for each thread the bytes that its verifier
//! consumed.

use crate::error::HostError;
use crate::options::Options;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use zeta_verifier::{Node, encode_node};

/// The first line of a manifest.
pub(crate) const MANIFEST_HEAD: &str = "zeta log 1";
pub(crate) const MANIFEST: &str = "manifest";
pub(crate) const PROGRAM: &str = "program";

/// Bytes that wait in memory before they are written.
const BUFFER_LEN: usize = 1 << 20;

/// A folder that was empty.
pub(crate) struct LogDir {
    path: PathBuf,
}

/// One thread's log.
pub(crate) struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
}

/// The name of a thread's file.
pub(crate) fn thread_file(thread: u16) -> String {
    format!("thread-{thread}")
}

impl LogDir {
    /// Makes the folder and writes what an auditor needs besides the logs: nothing secret.
    pub(crate) fn create(path: &Path, options: &Options, root: &Node) -> Result<Self, HostError> {
        fs::create_dir_all(path).map_err(|error| failed(path, &error))?;
        let mut entries = fs::read_dir(path).map_err(|error| failed(path, &error))?;
        if entries.next().is_some() {
            let why = "the folder is not empty".to_owned();
            return Err(HostError::LogWrite { path: path.to_owned(), why });
        }
        let mut root_bytes = Vec::new();
        encode_node(root, &mut root_bytes);
        let manifest = format!(
            "{MANIFEST_HEAD}\nthreads {}\nslots {}\nbyte_budget {}\nnonce {}\nincarnation {}\n\
             root {}\n",
            options.workers,
            options.slots_per_worker,
            options.byte_budget,
            hex(&options.entropy.nonce),
            hex(&options.entropy.incarnation),
            hex(&root_bytes),
        );
        let dir = Self { path: path.to_owned() };
        dir.write(MANIFEST, manifest.as_bytes())?;
        dir.write(PROGRAM, &options.program)?;
        Ok(dir)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), HostError> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(|error| failed(&path, &error))
    }

    pub(crate) fn thread(&self, thread: u16) -> Result<LogFile, HostError> {
        let path = self.path.join(thread_file(thread));
        let file = File::create_new(&path).map_err(|error| failed(&path, &error))?;
        Ok(LogFile { file: BufWriter::with_capacity(BUFFER_LEN, file), path })
    }
}

impl LogFile {
    /// A file that exists.
    pub(crate) fn open(path: &Path) -> Result<Self, HostError> {
        let file = File::options().append(true).open(path).map_err(|error| failed(path, &error))?;
        let path = path.to_owned();
        Ok(Self { file: BufWriter::with_capacity(BUFFER_LEN, file), path })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.file.write_all(bytes).map_err(|error| failed(&self.path, &error))
    }

    /// Hands all bytes to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), HostError> {
        self.file.flush().map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> HostError {
    HostError::LogWrite { path: path.to_owned(), why: error.to_string() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
