/// Lines of the log that were written together, as the bytes of one row of the database: at thousands of lines a second, a row for each
/// would cost a call more than all the rest of its log.
///
/// Each line is its time (8 bytes) and six texts with their lengths (4 bytes each, little-endian): correlation id, agent, server, tool,
/// status, record.
struct LogBlock: Sendable {
    static let mostLines = 512

    let bytes: [UInt8]

    init(_ rows: some Collection<LogRow>) {
        var out: [UInt8] = []
        out.reserveCapacity(rows.reduce(0) { $0 + $1.record.count + 128 })
        for row in rows {
            LogBlock.append(UInt64(bitPattern: Int64(row.time)), &out)
            for text in [row.correlationID, row.agent, row.server, row.tool, row.status] {
                LogBlock.append(UInt32(clamping: text.utf8.count), &out)
                out.append(contentsOf: text.utf8)
            }
            LogBlock.append(UInt32(clamping: row.record.count), &out)
            out.append(contentsOf: row.record)
        }
        bytes = out
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    private static func append(_ value: some FixedWidthInteger, _ out: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
    }

    /// The lines, in the order in which they were written.
    /// - Throws: for what ``init(_:)`` does not write.
    func rows(first: Int64) throws(StoreFailure) -> [LogRow] {
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
