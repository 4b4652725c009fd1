"""Everything that knows of qubits: circuits as data, encodings, initialisers, and the engine that runs them."""
