import GateBackend
import GateCore
import GateProtocol

extension InstanceStatus {
    /// The instance as an entry of a server's `instances`.
    var json: JSONValue {
        var object = JSONObject([
            ("instance", .init(id)), ("status", .string(status.state.rawValue)),
            ("since_seconds", .init(Int(status.since.components.seconds))), ("reason", .string(status.reason)),
            ("circuit", .string(status.circuit.rawValue)), ("in_flight", .init(status.inFlight)),
            ("queued", .init(status.queued)), ("restarts", .init(status.restarts)),
        ])
        if let owner { object["owner"] = .string(owner.description) }
        if let pid = status.pid { object["pid"] = .init(Int(pid)) }
        if let usage = status.usage { object.add(usage) }
        if let idle { object["idle_seconds"] = .init(Int(idle.components.seconds)) }
        if let sandbox = status.sandbox { object["sandbox"] = .string(sandbox) }
        if let exit = status.lastExit { object["last_exit"] = .string(exit) }
        return .object(object)
    }
}

extension JSONObject {
    /// What the processes of a server use together.
    mutating func add(_ usage: ProcessTreeUsage) {
        self["processes"] = .init(usage.processes)
        self["memory_bytes"] = .init(Int(clamping: usage.memory))
        self["cpu_seconds"] = .init(rounded: usage.cpuTime / .seconds(1))
    }
}
