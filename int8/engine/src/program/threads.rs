//! The threads of a program: the caller's alone, or a pool's.

use std::sync::Arc;

use crate::error::EngineError;

/// Who runs the bands of a convolution. Clones share the pool.
#[derive(Clone, Debug, Default)]
pub struct Threads(Option<Arc<rayon_core::ThreadPool>>);

impl Threads {
    /// The caller's thread alone.
    pub const ONE: Threads = Threads(None);

    /// A pool of `count` threads; for 1, the caller's thread alone.
    ///
    /// # Errors
    /// [`EngineError::Threads`] for 0, for more than 256, and where the system refuses them.
    pub fn new(count: usize) -> Result<Threads, EngineError> {
        let error = |why: String| EngineError::Threads { found: count, why };
        match count {
            1 => return Ok(Threads::ONE),
            0 | 257.. => return Err(error("expected 1 to 256".into())),
            _ => {}
        }
        let pool = rayon_core::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("int8-{i}"))
            .build()
            .map_err(|why| error(why.to_string()))?;
        Ok(Threads(Some(Arc::new(pool))))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Runs `work` where [`Threads::join`] is cheap.
    pub(super) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    pub(super) fn join(&self, a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
        match self.0 {
            Some(_) => {
                rayon_core::join(a, b);
            }
            None => {
                a();
                b();
            }
        }
    }
}
