package import GateCore

/// One line of the call log: what it is searched by, and the record as JSON text.
package struct LogRow: Sendable, Equatable {
    /// Rises from record to record, over restarts too; given by the store.
    package var sequence: Int64
    /// Milliseconds since 1970.
    package let time: Int
    package let correlationID: String
    package let agent: String
    package let server: String
    package let tool: String
    /// `success`, `error`, `timeout`, …
    package let status: String
    package let record: [UInt8]

    package init(
        sequence: Int64 = 0, time: Int, correlationID: String, agent: String, server: String, tool: String,
        status: String, record: [UInt8]
    ) {
        self.sequence = sequence
        self.time = time
        self.correlationID = correlationID
        self.agent = agent
        self.server = server
        self.tool = tool
        self.status = status
        self.record = record
    }
}

/// Which lines of the log are wanted; newest first, or oldest first behind ``after``.
package struct LogQuery: Sendable {
    package var limit: Int
    /// Only lines with a lower sequence.
    package var before: Int64?
    /// Only lines with a higher sequence, oldest first: for whoever follows the log.
    package var after: Int64?
    package var server: String?
    package var tool: String?
    package var status: String?
    package var agent: String?
    /// Milliseconds since 1970, inclusive.
    package var since: Int?
    package var until: Int?

    package init(limit: Int) { self.limit = limit }
}

package struct LogPage: Sendable, Equatable {
    package let rows: [LogRow]
    /// Where the next page begins (`before`, or `after` when it was asked that way); nil when there is nothing more. A page may be
    /// short, or empty, and still have a next: a query looks at a bounded number of lines.
    package let next: Int64?

    package init(rows: [LogRow], next: Int64?) {
        self.rows = rows
        self.next = next
    }
}

/// Where the call log is kept, and beside it small texts by name (the statistics). Not as durable as calls: after a crash of the
/// machine the last moments may be missing, after one of the process nothing that was appended.
package protocol CallLogStore: Sendable {
    /// - Returns: the sequence of the first line; the others follow without a gap.
    func append(_ blocks: [LogBlock]) async throws(StoreFailure) -> Int64
    func query(_ query: LogQuery) async throws(StoreFailure) -> LogPage
    /// The newest record with this id.
    func find(correlationID: String) async throws(StoreFailure) -> LogRow?
    /// Forgets lines older than a moment, and the oldest of those that take more than so many bytes; lines that were appended together go
    /// together, with the newest of them.
    func trim(before time: Int, maxBytes: Int) async throws(StoreFailure)

    func save(_ name: String, _ content: [UInt8]) async throws(StoreFailure)
    func load(_ name: String) async throws(StoreFailure) -> [UInt8]?
}
