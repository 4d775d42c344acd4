package import GateCore
import Synchronization

/// Keeps the log as long as the process lives: the twin of the stores on a disk, for tests.
package final class MemoryCallLogStore: CallLogStore {
    private struct State {
        var rows: [LogRow] = []
        var last: Int64 = 0
        var texts: [String: [UInt8]] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func append(_ blocks: [LogBlock]) throws(StoreFailure) -> Int64 {
        try state.withLock { state throws(StoreFailure) in
            let first = state.last + 1
            for block in blocks {
                let rows = try block.rows(first: state.last + 1)
                state.last += Int64(rows.count)
                state.rows += rows
            }
            return first
        }
    }

    package func query(_ query: LogQuery) -> LogPage {
        let all = state.withLock { $0.rows }
        let found = (query.after == nil ? all.reversed() : all).filter { row in
            (query.before.map { row.sequence < $0 } ?? true) && (query.after.map { row.sequence > $0 } ?? true)
                && (query.server.map { $0 == row.server } ?? true) && (query.tool.map { $0 == row.tool } ?? true)
                && (query.status.map { $0 == row.status } ?? true) && (query.agent.map { $0 == row.agent } ?? true)
                && (query.since.map { row.time >= $0 } ?? true) && (query.until.map { row.time <= $0 } ?? true)
        }
        let page = Array(found.prefix(query.limit))
        return LogPage(rows: page, next: found.count > query.limit ? page.last?.sequence : nil)
    }

    package func find(correlationID: String) -> LogRow? {
        state.withLock { $0.rows.last { $0.correlationID == correlationID } }
    }

    package func trim(before time: Int, maxBytes: Int) {
        state.withLock { state in
            state.rows.removeAll { $0.time < time }
            var bytes = state.rows.reduce(0) { $0 + $1.record.count }
            while bytes > maxBytes, !state.rows.isEmpty { bytes -= state.rows.removeFirst().record.count }
        }
    }

    package func save(_ name: String, _ content: [UInt8]) { state.withLock { $0.texts[name] = content } }
    package func load(_ name: String) -> [UInt8]? { state.withLock { $0.texts[name] } }
}
