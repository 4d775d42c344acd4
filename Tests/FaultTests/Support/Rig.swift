import GateProtocol
import GateTestKit
import Testing

/// A gateway under test with what its servers need around it.
enum Rig {
    /// Limits that let a test ask for more than a user would get.
    static let wide = """
        [limits]
        in_flight_per_backend = 1000
        queue_per_backend = 2000
        in_flight_per_principal = 5000
        rate_per_principal = 1000000
        burst_per_principal = 1000000


        """

    /// Restarts without end and without delay.
    static let restless = """
        [limits]
        restart_budget = 10000
        restart_delay_min = 1
        restart_delay_max = 5
        in_flight_per_principal = 5000
        rate_per_principal = 1000000
        burst_per_principal = 1000000

        [circuit_breaker]
        failure_threshold = 10000


        """

    static func start(
        _ head: String = wide, backends: [BackendText], launcher: [String] = [], running: [String] = []
    ) async throws -> GatewayProcess {
        let gateway = try await GatewayProcess.start(head + backends.text, launcher: launcher)
        try await gateway.running(running)
        return gateway
    }

    /// Lines of a ledger whose key is this.
    static func executed(_ key: String, in directory: TemporaryDirectory, _ file: String) -> Int {
        executions(in: directory, file)[key, default: 0]
    }

    /// How often each key was executed.
    static func executions(in directory: TemporaryDirectory, _ file: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in (directory.read(file) ?? "").split(separator: "\n") {
            guard let key = (try? JSONValue(parsing: Array(line.utf8)))?["key"]?.stringValue else { continue }
            counts[key, default: 0] += 1
        }
        return counts
    }

    /// Repeats a measurement that other work on this machine can spoil, until it is as it should be.
    static func best<Value: Sendable>(
        of tries: Int, _ isGood: (Value) -> Bool, _ measure: () async throws -> Value
    ) async throws -> Value {
        var value = try await measure()
        for _ in 1..<tries where !isGood(value) { value = try await measure() }
        return value
    }
}
