pub struct Program;
pub struct Memory;
