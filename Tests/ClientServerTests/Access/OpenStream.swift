import GateTestKit

/// A stream that is held open until the gateway cuts it.
enum OpenStream {
    /// Opens it, says so, and returns when it was cut.
    static func cut(
        _ port: UInt16, _ path: String, _ headers: [String: String], _ opened: AsyncStream<Void>.Continuation
    ) async throws -> ContinuousClock.Instant {
        try await offPool {
            let stream = try HTTPConnection(port: port)
            try stream.send("GET", path, headers)
            let status = try stream.head().status
            guard status == 200 else { throw TestKitError("\(path): \(status)") }
            opened.yield()
            while let piece = try? stream.piece(), !piece.isEmpty {}
            return .now
        }
    }
}
