/// Cuts a body of server-sent events into its messages.
struct EventStreamParser: Sendable {
    struct Event: Sendable, Equatable {
        /// Where the stream can be taken up again behind this event; nil when it said nothing new of that.
        var id: String?
        /// Empty for an event without a message.
        var data: [UInt8]
    }

    private var line: [UInt8] = []
    private var id: String?
    private var data: [UInt8] = []
    private var hasData = false
    private var endedWithCR = false

    private static let longestID = 1024

    /// Adds bytes and returns the events that they complete. Comments and events without data and id yield nothing.
    mutating func add(_ bytes: UnsafeRawBufferPointer) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            defer { endedWithCR = byte == 0x0D }
            if byte == 0x0A, endedWithCR { continue }
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                continue
            }
            if line.isEmpty {
                if id != nil || hasData && !data.isEmpty { events.append(Event(id: id, data: data)) }
                data.removeAll(keepingCapacity: data.count < 65_536)
                hasData = false
                id = nil
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
        if line.starts(with: "id:".utf8) {
            let value = line.dropFirst(line.dropFirst(3).first == 0x20 ? 4 : 3)
            // What does not fit into a header is of no use.
            let isUsable = value.count <= Self.longestID && value.allSatisfy { (0x21...0x7E).contains($0) }
            id = isUsable && !value.isEmpty ? String(decoding: value, as: UTF8.self) : nil
            return
        }
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
