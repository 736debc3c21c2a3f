use std::path::{Path, PathBuf};
use std::{fs, io};

use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

/// A program file for the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes that are flashed: vectors, code, constants, and what variables begin with.
    pub flash: u64,
    /// Bytes of RAM for variables.
    pub variables: u64,
    /// Bytes of RAM that the linker sets aside for the stack.
    pub stack: u64,
    /// Symbols that only a program with a way to panic has.
    pub panics: Vec<String>,
    symbols: Vec<(String, u64, u64)>,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// It is not there, or none.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = fs::read(path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        let file = object::File::parse(bytes.as_slice()).map_err(io::Error::other)?;
        let mut image = Self {
            path: path.to_owned(),
            flash: 0,
            variables: 0,
            stack: 0,
            panics: Vec::new(),
            symbols: Vec::new(),
        };
        for section in file.sections() {
            let size = section.size();
            match section.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                    image.flash += size;
                }
                SectionKind::Data => {
                    image.flash += size;
                    image.variables += size;
                }
                SectionKind::UninitializedData => image.variables += size,
                _ => {}
            }
        }
        for symbol in file.symbols() {
            let name = symbol.name().unwrap_or_default().to_owned();
            if name.contains("panic") || name.contains("rust_begin_unwind") {
                image.panics.push(name.clone());
            }
            image.symbols.push((name, symbol.address(), symbol.size()));
        }
        if image.symbols.is_empty() {
            return Err(io::Error::other(format!("{}: no symbols", path.display())));
        }
        let (start, end) = (
            image.symbol("_stack_start")?.0,
            image.symbol("_stack_end")?.0,
        );
        image.stack = start - end;
        Ok(image)
    }

    /// Address and size of the only symbol whose name has this in it.
    ///
    /// # Errors
    /// There is none, or there are more.
    pub fn symbol(&self, part: &str) -> io::Result<(u64, u64)> {
        let whole = self.symbols.iter().find(|(name, ..)| name == part);
        let mut parts = self.symbols.iter().filter(|(name, ..)| name.contains(part));
        match (whole, parts.next(), parts.next()) {
            (Some(found), ..) | (None, Some(found), None) => Ok((found.1, found.2)),
            _ => Err(io::Error::other(format!("not one symbol {part}"))),
        }
    }

    /// Bytes of RAM: variables and stack.
    pub const fn ram(&self) -> u64 {
        self.variables + self.stack
    }
}
