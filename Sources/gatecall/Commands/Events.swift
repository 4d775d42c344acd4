import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct Events: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what has happened to the servers: states, circuits, tools.",
        discussion: "The gateway keeps the last 1,000 events of its present run.")

    @Option(help: "Only events behind this number.")
    var after = 0

    @Option(help: "The most events to show, the newest.")
    var limit = 50

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard after >= 0 else { throw ValidationError("--after must not be negative.") }
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
    }

    func execute(_ client: GateClient) async throws {
        try await ask(client, "/events?format=json&after=\(after)&limit=\(limit)", asJSON: output.json) { answer in
            let events: [GatewayEvent] = try answer.elements("events")
            guard !events.isEmpty else { return Console.complain("Nothing has happened.") }
            var table = Table([
                .init("NO", .right), .init("TIME (UTC)"), .init("SERVER"), .init("EVENT"), .init("REASON"),
            ])
            for event in events {
                table.add([
                    .init("\(event.sequence)"), .init(Events.time(event.milliseconds), .dim),
                    .init(event.server, .bold), .init(Events.what(event)), .init(event.reason),
                ])
            }
            Screen.print(table)
        }
    }

    private static func what(_ event: GatewayEvent) -> String {
        let states = [event.from, event.to].compactMap { $0 }.joined(separator: " → ")
        switch event.kind {
        case .server where !states.isEmpty: return states
        case .server: return "changed"
        case .circuit: return "circuit \(states)"
        case .catalog: return "tools"
        case .serverAdded: return "added"
        case .serverRemoved: return "removed"
        default: return states.isEmpty ? event.kind.rawValue : "\(event.kind.rawValue) \(states)"
        }
    }

    private static func time(_ milliseconds: Int) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000).ISO8601Format().replacing("T", with: " ")
            .replacing("Z", with: "")
    }
}
