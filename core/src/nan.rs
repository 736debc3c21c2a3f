use crate::features::Features;

impl Features<'_> {
    /// The negative-aware norm `||h||_1 / ||h||_0`, at least 0 and at most the largest feature; 0 where no
    /// feature is above 0. Higher for in-distribution. Costs one addition and one comparison a channel.
    ///
    /// `||h||_0` counts the features above 0. The paper's vector comes out of a ReLU; after global average pooling
    /// a channel is 0 only if it is off all over the image, so `||h||_0` varies less and the score comes close
    /// to the mean feature.
    ///
    /// Park et al., "Understanding the Feature Norm for Out-of-Distribution Detection", 2023, equations 9 and 10.
    pub fn negative_aware_norm(&self) -> f32 {
        let active = self.as_slice().iter().filter(|&&v| v > 0.0).count();
        if active == 0 {
            return 0.0;
        }
        // Features below 0 do not come out of a ReLU; they count as off.
        let sum: f64 = self.as_slice().iter().map(|&v| f64::from(v.max(0.0))).sum();
        (sum / active as f64) as f32
    }
}
