"""Settings of all tests: implicit rank promotion is an error, as are warnings, and there are four devices."""

import jax

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_numpy_rank_promotion", "raise")
