/// Cuts a body of server-sent events into its messages.
struct EventStreamParser: Sendable {
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var endedWithCR = false

    /// Adds bytes and returns the data of each event that they complete. Comments, ids and empty events yield nothing.
    mutating func add(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            defer { endedWithCR = byte == 0x0D }
            if byte == 0x0A, endedWithCR { continue }
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                continue
            }
            if line.isEmpty {
                if hasData, !data.isEmpty { events.append(data) }
                data.removeAll(keepingCapacity: data.count < 65_536)
                hasData = false
            } else {
                takeLine()
            }
            line.removeAll(keepingCapacity: line.count < 65_536)
        }
        return events
    }

    /// Bytes that are held until their event is complete.
    var heldBytes: Int { line.count + data.count }

    private mutating func takeLine() {
        guard line.starts(with: "data".utf8) else { return }
        var value = line.dropFirst(4)
        guard let colon = value.first else {
            hasData = true
            return
        }
        guard colon == UInt8(ascii: ":") else { return }
        value = value.dropFirst()
        if value.first == 0x20 { value = value.dropFirst() }
        if hasData { data.append(0x0A) }
        hasData = true
        data.append(contentsOf: value)
    }
}
