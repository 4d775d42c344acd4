import GateProtocol
import GateTestKit

/// One gateway with a backend and an agent for each lane, so that lanes run beside each other without meeting.
final class Stage: Sendable {
    let gateway: GatewayProcess
    let reports: FixtureReports
    let tap: Tap
    let agents: [Lane: any Agent]
    private let servers: [Program]

    static func open(_ lanes: [Lane] = Lane.all) async throws -> Stage {
        let reports = try FixtureReports()
        var config = ""
        var servers: [Program] = []
        for lane in lanes {
            var flags = ["--era", lane.backend.rawValue, "--tag", lane.tag, "--report", "\(reports.port)"]
            flags += ["--page", "3"] + (lane.front == lane.back ? ["--sloppy"] : [])
            if lane.back == .stdio {
                config += try Fixture.stdio(lane.server, flags)
            } else {
                let fixture = try await Fixture.http(flags + (lane.backend == .legacy ? ["--always-sse"] : []))
                servers.append(fixture.program)
                config += Fixture.backend(lane.server, url: fixture.url)
            }
        }
        let gateway = try await GatewayProcess.start(config, arguments: [], within: .seconds(60))
        try await gateway.running(lanes.map(\.server))
        let tap = Tap()
        var agents: [Lane: any Agent] = [:]
        for lane in lanes { agents[lane] = try await agent(lane, lane.server, gateway, tap) }
        return Stage(gateway, reports, tap, agents, servers)
    }

    /// An agent of the lane's kind, under a name of its own.
    static func agent(
        _ lane: Lane, _ name: String, _ gateway: GatewayProcess, _ tap: Tap?, capabilities: JSONValue = Wire.everything
    ) async throws -> any Agent {
        switch lane.front {
        case .http:
            try await HTTPAgent.open(name, lane.agent, port: gateway.port, capabilities: capabilities, tap: tap)
        case .stdio:
            try await PipeAgent.open(name, lane.agent, gateway: gateway.baseURL, capabilities: capabilities, tap: tap)
        }
    }

    private init(
        _ gateway: GatewayProcess, _ reports: FixtureReports, _ tap: Tap, _ agents: [Lane: any Agent],
        _ servers: [Program]
    ) {
        self.gateway = gateway
        self.reports = reports
        self.tap = tap
        self.agents = agents
        self.servers = servers
    }

    func close() async throws {
        for agent in agents.values { await agent.close() }
        try await gateway.stop()
        for server in servers { try await server.stop() }
    }
}

/// Starts `Tests/python/fixture.py`.
enum Fixture {
    static var script: String { Products.checkout + "/Tests/python/fixture.py" }

    static func http(_ flags: [String]) async throws -> (program: Program, url: String) {
        let program = try Program(Products.python("new"), [script, "--http", "0"] + flags)
        let mark = "listening on "
        let line = try await program.output.first(within: .seconds(30)) { $0.hasPrefix(mark) }.element
        return (program, String(line.dropFirst(mark.count)) + "/mcp")
    }

    /// Configuration text for a backend that the gateway launches.
    static func stdio(_ name: String, _ flags: [String], more: String = "") throws -> String {
        let words = [try Products.python("new"), script] + flags
        let quoted = words.map { JSONValue.string($0).text }
        return """
            [[backends]]
            name = "\(name)"
            command = \(quoted[0])
            args = [\(quoted.dropFirst().joined(separator: ", "))]
            \(more)

            """
    }

    static func backend(_ name: String, url: String, more: String = "") -> String {
        "[[backends]]\nname = \"\(name)\"\nurl = \"\(url)\"\n\(more)\n"
    }
}
