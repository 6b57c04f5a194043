//! The folder of logs: a manifest, the program, and for each thread the bytes that its verifier
//! consumed.

use crate::error::HostError;
use crate::manifest::{MANIFEST, closed_line, manifest};
use crate::options::Options;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use zeta_verifier::Node;

/// The name of the program's file.
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
    len: u64,
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
        let dir = Self { path: path.to_owned() };
        dir.write(MANIFEST, manifest(options, root).as_bytes())?;
        dir.write(PROGRAM, &options.program)?;
        Ok(dir)
    }

    /// Ends the manifest with the length of each thread's log: whoever reads it notices a cut.
    pub(crate) fn close(&self, lens: &[u64]) -> Result<(), HostError> {
        let path = self.path.join(MANIFEST);
        let file = File::options().append(true).open(&path);
        file.and_then(|mut file| file.write_all(closed_line(lens).as_bytes()))
            .map_err(|error| failed(&path, &error))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), HostError> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(|error| failed(&path, &error))
    }

    pub(crate) fn thread(&self, thread: u16) -> Result<LogFile, HostError> {
        let path = self.path.join(thread_file(thread));
        let file = File::create_new(&path).map_err(|error| failed(&path, &error))?;
        Ok(LogFile { file: BufWriter::with_capacity(BUFFER_LEN, file), path, len: 0 })
    }
}

impl LogFile {
    /// A file that exists.
    pub(crate) fn open(path: &Path) -> Result<Self, HostError> {
        let file = File::options().append(true).open(path).map_err(|error| failed(path, &error))?;
        let len = file.metadata().map_err(|error| failed(path, &error))?.len();
        let path = path.to_owned();
        Ok(Self { file: BufWriter::with_capacity(BUFFER_LEN, file), path, len })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.len += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| failed(&self.path, &error))
    }

    /// Bytes that were appended, those that wait in memory included.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Hands all bytes to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), HostError> {
        self.file.flush().map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> HostError {
    HostError::LogWrite { path: path.to_owned(), why: error.to_string() }
}
