import GateCore
import NIOCore

/// The questions of one backend that wait for an answer, by the backend's own ids as it wrote them.
struct QuestionTable {
    struct Entry {
        let question: BackendQuestion
        /// The call that it belongs to.
        let call: UInt64
        let deadline: Instant
    }

    private(set) var entries: [ByteBuffer: Entry] = [:]

    var isEmpty: Bool { entries.isEmpty }

    func count(of call: UInt64) -> Int { entries.values.count { $0.call == call } }

    /// - Returns: why it is not taken in; nil when it is.
    mutating func insert(_ entry: Entry, id: ByteBuffer) -> String? {
        guard entries[id] == nil else { return "this id belongs to a question that is still open" }
        guard entries.count < QuestionRules.maxOpen, count(of: entry.call) < QuestionRules.maxOpenPerCall else {
            return "too many questions are open"
        }
        entries[id] = entry
        return nil
    }

    mutating func remove(_ id: ByteBuffer) -> Entry? { entries.removeValue(forKey: id) }

    /// The questions of a call that has ended.
    mutating func removeAll(of call: UInt64) -> [Entry] {
        guard !entries.isEmpty else { return [] }
        let ids = entries.filter { $0.value.call == call }.map(\.key)
        return ids.compactMap { entries.removeValue(forKey: $0) }
    }

    mutating func removeAll() -> [Entry] {
        defer { entries = [:] }
        return Array(entries.values)
    }

    mutating func expired(now: Instant) -> [(id: ByteBuffer, entry: Entry)] {
        let due = entries.filter { $0.value.deadline <= now }
        for id in due.keys { entries[id] = nil }
        return due.map { ($0.key, $0.value) }
    }
}
