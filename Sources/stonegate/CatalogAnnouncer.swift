import GateServer
import Synchronization

/// Says once, when the first servers have listed their tools, what there is to call.
final class CatalogAnnouncer: Sendable {
    private let subscription = Mutex<EventSubscription?>(nil)
    private let isDone = Mutex(false)

    func watch(_ gateway: any GatewayServices) {
        let subscription = gateway.onCatalogChange(.all) { [self] _ in announce(gateway) }
        self.subscription.withLock { $0 = subscription }
    }

    private func announce(_ gateway: any GatewayServices) {
        let isFirst = isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        guard isFirst else { return }
        var lines = ["The catalog so far:"]
        for server in gateway.serverNames(.all) {
            let names = gateway.tools(.init(servers: [server])).map(\.name)
            guard !names.isEmpty else { continue }
            let shown = names.prefix(12).joined(separator: ", ")
            lines.append("  \(server): \(shown)\(names.count > 12 ? " and \(names.count - 12) more" : "")")
        }
        Terminal.note(lines.joined(separator: "\n") + "\n")
    }
}
