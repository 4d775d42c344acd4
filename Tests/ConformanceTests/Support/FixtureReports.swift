import Dispatch
import GateProtocol
import GateTestKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One line that a fixture tells of itself: a message, or something that happened.
struct FixtureLine: Sendable {
    var json: JSONValue
    var text: String

    var isReceived: Bool { json["direction"] == "to_server" }
    var message: JSONValue { json["message"] ?? .null }
    var method: String? { isReceived ? message["method"]?.stringValue : nil }
    var raw: String { json["raw"]?.stringValue ?? "" }
    var headers: JSONValue { json["headers"] ?? [:] }
    var event: String? { json["event"]?.stringValue }
    var key: String? { json["key"]?.stringValue }
}

/// Takes what all fixtures tell of what they receive and send, each in its own journal.
final class FixtureReports: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let journals = Mutex<[String: Journal<FixtureLine>]>([:])
    private let visits = Mutex(0)

    /// Connections of somebody who is no fixture.
    var strangers: Int { visits.withLock { $0 } }

    init() throws {
        (descriptor, port) = try Sockets.listening()
        let listener = descriptor
        DispatchQueue(label: "reports").async { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0, errno == EINTR { continue }
                guard connection >= 0, let self else { return }
                DispatchQueue(label: "report").async { self.read(connection) }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// What the servers with this tag told, in order.
    func journal(_ tag: String) -> Journal<FixtureLine> {
        journals.withLock { journals in
            if let known = journals[tag] { return known }
            let made = Journal<FixtureLine>(name: "record of \(tag)")
            journals[tag] = made
            return made
        }
    }

    /// Every line of every fixture.
    var lines: [String] { journals.withLock { Array($0.values) }.flatMap { $0.all.map(\.text) } }

    private func read(_ connection: Int32) {
        defer { close(connection) }
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        var journal: Journal<FixtureLine>?
        while true {
            let count = recv(connection, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            let searched = rest.count
            rest += chunk.prefix(count)
            var from = searched
            while let end = rest[from...].firstIndex(of: 0x0A) {
                from = 0
                let bytes = Array(rest[..<end])
                rest.removeFirst(end + 1)
                guard let json = try? JSONValue(parsing: bytes, limits: JSONLimits(nodes: 4_000_000)) else {
                    visits.withLock { $0 += 1 }
                    return
                }
                if journal == nil { journal = self.journal(json["tag"]?.stringValue ?? "") }
                journal?.append(FixtureLine(json: json, text: String(decoding: bytes, as: UTF8.self)))
            }
        }
    }
}
