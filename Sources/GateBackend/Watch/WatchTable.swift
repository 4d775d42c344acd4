import GateCore
import GateProtocol

/// Which of a backend's resources somebody follows, and what the backend knows of it. A value.
struct WatchTable: Sendable {
    typealias Body = @Sendable (String) -> Void
    typealias Waiter = CheckedContinuation<GateError?, Never>

    enum Phase: Sendable {
        /// The backend has not been asked on this connection.
        case wanted
        case asking
        case held
        case refused(GateError)

        var isOpen: Bool {
            switch self {
            case .wanted, .asking: true
            case .held, .refused: false
            }
        }
    }

    enum Step: Sendable {
        case subscribe(String)
        case unsubscribe(String)
    }

    private struct Item: Sendable {
        var phase = Phase.wanted
        var watchers: [UInt64: Body] = [:]
        /// Watchers that want to know whether the backend takes it.
        var waiters: [Waiter] = []
    }

    private var items: [ExactText: Item] = [:]
    private var lastID: UInt64 = 0

    /// All that somebody follows, in a fixed order.
    var uris: [String] {
        items.filter { !$0.value.watchers.isEmpty }.map(\.key.text).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }
    var isEmpty: Bool { !items.values.contains { !$0.watchers.isEmpty } }

    /// - Returns: what ends it with ``remove(_:of:)``.
    mutating func add(_ uri: String, _ body: @escaping Body) -> UInt64 {
        lastID &+= 1
        let uri = ExactText(uri)
        // What was refused to others may be there now.
        if case .refused = items[uri]?.phase { items[uri]?.phase = .wanted }
        items[uri, default: Item()].watchers[lastID] = body
        return lastID
    }

    mutating func remove(_ id: UInt64, of uri: String) {
        let uri = ExactText(uri)
        guard var item = items[uri] else { return }
        item.watchers[id] = nil
        // What the backend holds, or is just being asked for, has to be given back.
        switch item.phase {
        case .wanted, .refused: items[uri] = item.watchers.isEmpty ? nil : item
        case .asking, .held: items[uri] = item
        }
    }

    enum Wait {
        /// Until ``settle(_:refusal:)``.
        case begun
        case known(GateError?)
    }

    mutating func wait(for uri: String, _ waiter: Waiter) -> Wait {
        switch items[ExactText(uri)]?.phase {
        case .wanted, .asking:
            items[ExactText(uri)]?.waiters.append(waiter)
            return .begun
        case .refused(let error): return .known(error)
        case .held, nil: return .known(nil)
        }
    }

    /// The next thing to ask a backend of the session revisions for.
    mutating func next() -> Step? {
        for (uri, item) in items {
            switch item.phase {
            case .wanted:
                items[uri]?.phase = .asking
                return .subscribe(uri.text)
            case .held where item.watchers.isEmpty:
                items[uri] = nil
                return .unsubscribe(uri.text)
            case .asking, .held, .refused: break
            }
        }
        return nil
    }

    /// The backend has answered.
    /// - Returns: who waited for it.
    mutating func settle(_ uri: String, refusal: GateError?) -> [Waiter] {
        let uri = ExactText(uri)
        guard var item = items[uri], item.phase.isOpen else { return [] }
        item.phase = refusal.map { .refused($0) } ?? .held
        let waiters = item.waiters
        item.waiters = []
        items[uri] = item.watchers.isEmpty && refusal != nil ? nil : item
        return waiters
    }

    /// All that is wanted is part of a question that is under way (2026-07-28); what nobody wants is not.
    mutating func asking() {
        for (uri, item) in items {
            if item.watchers.isEmpty, item.waiters.isEmpty {
                items[uri] = nil
            } else if case .wanted = item.phase {
                items[uri]?.phase = .asking
            }
        }
    }

    /// What is wanted and will not be asked for.
    mutating func refuseWanted(_ refusal: GateError) -> [Waiter] {
        var waiters: [Waiter] = []
        for (uri, item) in items {
            if case .wanted = item.phase { waiters += settle(uri.text, refusal: refusal) }
        }
        return waiters
    }

    /// The connection is gone, and with it what the backend knew.
    /// - Returns: who waits; what they want is asked for on the next connection.
    mutating func disconnected() -> [Waiter] {
        var waiters: [Waiter] = []
        for (uri, item) in items {
            waiters += item.waiters
            items[uri] = item.watchers.isEmpty ? nil : Item(watchers: item.watchers)
        }
        return waiters
    }

    /// Who is to be told of an update: those who follow the resource, or one that it is part of.
    func followers(of uri: String) -> [Body] {
        if let exact = items[ExactText(uri)], !exact.watchers.isEmpty { return Array(exact.watchers.values) }
        return items.filter { WatchTable.isPart(uri, of: $0.key.text) }.flatMap { $0.value.watchers.values }
    }

    private static func isPart(_ uri: String, of whole: String) -> Bool {
        let part = Array(uri.utf8)
        let prefix = Array(whole.utf8)
        guard part.count > prefix.count, part.starts(with: prefix) else { return false }
        let separators = Array("/?#".utf8)
        return prefix.last == UInt8(ascii: "/") || separators.contains(part[prefix.count])
    }
}
