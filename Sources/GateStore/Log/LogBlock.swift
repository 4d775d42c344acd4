package import GateCore

/// Lines of the log that are written together, as the bytes of one row of the database: at thousands of lines a second, a row for each
/// would cost a call more than all the rest of its log.
///
/// Each line is its time (8 bytes) and six texts with their lengths (4 bytes each, little-endian): correlation id, agent, server, tool,
/// status, record.
package struct LogBlock: Sendable {
    /// A block with so many is full.
    package static let mostLines = 512

    package private(set) var bytes: [UInt8]
    package private(set) var count = 0
    /// Times of its lines.
    private(set) var oldest = Int.max
    private(set) var newest = Int.min

    /// - Parameter capacity: bytes for which there is to be room.
    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// A block that was kept, for ``rows(first:)``.
    package init(kept bytes: [UInt8]) { self.bytes = bytes }

    package var isFull: Bool { count >= LogBlock.mostLines }

    /// Adds a line; its sequence is given by the store.
    package mutating func append(_ row: LogRow) {
        append(UInt64(bitPattern: Int64(row.time)))
        append(row.correlationID)
        append(row.agent)
        append(row.server)
        append(row.tool)
        append(row.status)
        append(UInt32(clamping: row.record.count))
        bytes.append(contentsOf: row.record)
        count += 1
        oldest = min(oldest, row.time)
        newest = max(newest, row.time)
    }

    private mutating func append(_ text: String) {
        append(UInt32(clamping: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// The lines, in the order in which they were added.
    /// - Throws: for what ``append(_:)`` does not write.
    package func rows(first: Int64) throws(StoreFailure) -> [LogRow] {
        var reader = Reader(bytes: bytes[...])
        var rows: [LogRow] = []
        while !reader.bytes.isEmpty {
            let time = try reader.number(8)
            var texts: [ArraySlice<UInt8>] = []
            for _ in 0..<6 { texts.append(try reader.take(Int(try reader.number(4)))) }
            func text(_ index: Int) -> String { String(decoding: texts[index], as: UTF8.self) }
            rows.append(
                LogRow(
                    sequence: first + Int64(rows.count), time: Int(Int64(bitPattern: time)), correlationID: text(0),
                    agent: text(1), server: text(2), tool: text(3), status: text(4), record: Array(texts[5])))
        }
        return rows
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func take(_ count: Int) throws(StoreFailure) -> ArraySlice<UInt8> {
            guard count <= bytes.count else { throw .failed("lines of the log cannot be read") }
            defer { bytes = bytes.dropFirst(count) }
            return bytes.prefix(count)
        }

        mutating func number(_ count: Int) throws(StoreFailure) -> UInt64 {
            try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
