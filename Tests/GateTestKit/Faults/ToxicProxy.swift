import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A TCP proxy in front of an HTTP backend that can be told to misbehave. Requests that contain ``mark`` are those that
/// the toxic is for; handshakes and lists pass unharmed.
package final class ToxicProxy: Sendable {
    private struct State {
        var toxic: Toxic?
        var mark: [UInt8] = []
        var upstream: UInt16
        var requests: [String] = []
        var isStopping = false
        var open: [UInt16: Int] = [:]
    }

    package let port: UInt16
    private let listener: Int32
    private let state: Mutex<State>

    package init(to upstream: UInt16) throws {
        (listener, port) = try Sockets.listening()
        state = Mutex(State(upstream: upstream))
        DispatchQueue(label: "proxy").async { [self] in acceptAll() }
    }

    deinit { stop() }

    /// - Parameters:
    ///   - toxic: nil passes everything on.
    ///   - mark: which requests it is for: those that contain this text.
    package func set(_ toxic: Toxic?, for mark: String = "tools/call") {
        state.withLock { state in
            state.toxic = toxic
            state.mark = Array(mark.utf8)
        }
    }

    /// Leads new connections to another server.
    package func lead(to upstream: UInt16) { state.withLock { $0.upstream = upstream } }

    /// Number of requests that contained the text so far.
    package func requests(containing text: String) -> Int {
        state.withLock { $0.requests.count { $0.contains(text) } }
    }

    /// Connections that are open now.
    package var connections: Int { state.withLock { $0.open.values.reduce(0, +) } }

    /// Of them, those to one of the servers.
    package func connections(to upstream: UInt16) -> Int { state.withLock { $0.open[upstream] ?? 0 } }

    package func stop() {
        let first = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        if first { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            if client < 0 {
                if errno == EINTR || errno == ECONNABORTED, !state.withLock(\.isStopping) { continue }
                break
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            let (toxic, upstream) = state.withLock { ($0.toxic, $0.upstream) }
            guard toxic?.kind != .refuse, let server = try? Sockets.connected(to: upstream) else {
                Sockets.reset(client)
                continue
            }
            state.withLock { $0.open[upstream, default: 0] += 1 }
            let link = ToxicLink(client: client, server: server)
            DispatchQueue(label: "proxy link").async { [self] in
                link.run { request in
                    state.withLock { state in
                        state.requests.append(String(decoding: request.prefix(2048), as: UTF8.self))
                        guard let toxic = state.toxic, request.contains(state.mark) else { return nil }
                        return toxic
                    }
                }
                state.withLock { $0.open[upstream, default: 0] -= 1 }
            }
        }
        close(listener)
    }
}

extension [UInt8] {
    fileprivate func contains(_ mark: [UInt8]) -> Bool {
        guard let first = mark.first, count >= mark.count else { return false }
        return (0...(count - mark.count)).contains {
            self[$0] == first && self[$0..<($0 + mark.count)].elementsEqual(mark)
        }
    }
}
