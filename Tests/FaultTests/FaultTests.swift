import Testing

/// What faults do to the gateway, measured. Each test is one scenario with its sizes from ``FaultScale``, asserts the
/// figures that docs/faults.md promises, and reports what it measured. One after the other: they share a machine.
@Suite(.serialized) struct FaultTests {
    let scale = FaultScale.current
}
