import GateHTTP
import NIOHTTP1

/// All routes. MCP's own paths are here as well, so that one look-up decides on every request.
struct RouteTable: Sendable {
    enum Destination: Sendable {
        /// An MCP path; the server is the one that the path names.
        case mcp(server: String?)
        /// The event stream of the transport of 2024-11-05, and where its client posts to.
        case eventStream(server: String?)
        case messages
        case route(Route, [String: String])
        case wrongMethod([String])
        case missing

        var changes: Bool {
            switch self {
            case .mcp, .messages: true
            case .route(let route, _): route.changes
            case .eventStream, .wrongMethod, .missing: false
            }
        }
    }

    let routes: [Route]

    func find(_ head: HTTPHead) -> Destination {
        // The hot path first.
        if head.path == "/mcp" || head.path == "/" { return .mcp(server: nil) }
        let parts = Array(head.path.utf8).dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.count == 2, parts[0].elementsEqual("mcp".utf8) {
            return PercentDecoding.segment(parts[1]).map { .mcp(server: $0) } ?? .missing
        }
        if let transport = eventStream(head, parts) { return transport }
        var allowed: [String] = []
        for route in routes {
            guard let parameters = route.match(parts) else { continue }
            // The exchange leaves the body of an answer to HEAD out.
            if route.method == head.method || (route.method == .GET && head.method == .HEAD) {
                return .route(route, parameters)
            }
            allowed += route.method == .GET ? ["GET", "HEAD"] : [route.method.rawValue]
        }
        return allowed.isEmpty ? .missing : .wrongMethod(allowed)
    }

    /// `/sse`, `/mcp/{server}/sse` and `/messages`.
    private func eventStream(_ head: HTTPHead, _ parts: [ArraySlice<UInt8>]) -> Destination? {
        if parts.count == 1, parts[0].elementsEqual("messages".utf8) {
            return head.method == .POST ? .messages : .wrongMethod(["POST"])
        }
        guard let last = parts.last, last.elementsEqual("sse".utf8) else { return nil }
        var server: String?
        if parts.count == 3, parts[0].elementsEqual("mcp".utf8) {
            guard let name = PercentDecoding.segment(parts[1]) else { return .missing }
            server = name
        } else if parts.count != 1 {
            return nil
        }
        return head.method == .GET ? .eventStream(server: server) : .wrongMethod(["GET"])
    }
}
