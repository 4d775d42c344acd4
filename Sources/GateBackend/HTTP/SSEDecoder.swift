package import NIOCore

/// Takes an event stream apart, however its bytes are cut (WHATWG HTML, 9.2.6).
package struct SSEDecoder: Sendable {
    package struct Event: Sendable, Equatable {
        package enum Kind: Sendable { case message, endpoint, other }

        package var kind: Kind
        package var data: ByteBuffer
    }

    /// The last `id` that was dispatched; empty when there was none.
    package private(set) var lastEventID = ""
    /// What the server wants waited before the stream is opened again, in milliseconds.
    package private(set) var retryMilliseconds: Int64?

    private let limit: Int
    /// The beginning of a line whose end has not come, unless it goes straight into `data`.
    private var line = ByteBuffer()
    private var data = ByteBuffer()
    private var hasData = false
    private var isInDataLine = false
    private var skipsLineFeed = false
    private var isAtStart = true
    private var kind = Event.Kind.message
    private var pendingID: String?
    private var isTooLarge = false

    /// Bytes of what is not complete.
    var heldBytes: Int { line.readableBytes + data.readableBytes }

    /// - Parameter limit: the most bytes of one line, and of the data of one event.
    package init(limit: Int, resuming lastEventID: String = "", retryMilliseconds: Int64? = nil) {
        self.limit = limit
        self.lastEventID = lastEventID
        self.retryMilliseconds = retryMilliseconds
    }

    /// Hands over the events that the bytes complete; those without data are left out.
    ///
    /// - Returns: false once a line or an event is larger than the limit; the stream is of no use then.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ event: (Event) -> Void) -> Bool {
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex, !isTooLarge {
            let byte = bytes[index]
            guard byte == 0x0A || byte == 0x0D else {
                skipsLineFeed = false
                index &+= 1
                continue
            }
            if byte == 0x0A, skipsLineFeed {
                // The second half of a CRLF: the line has ended already.
                skipsLineFeed = false
            } else {
                end(UnsafeRawBufferPointer(rebasing: bytes[start..<index]), event)
                skipsLineFeed = byte == 0x0D
            }
            index &+= 1
            start = index
        }
        if !isTooLarge, start < bytes.endIndex { keep(UnsafeRawBufferPointer(rebasing: bytes[start...])) }
        return !isTooLarge
    }

    // MARK: Lines

    /// Keeps a part of a line. What is known to be data goes to its place at once, so that it is copied only once.
    private mutating func keep(_ part: UnsafeRawBufferPointer) {
        guard !isInDataLine else { return append(part) }
        line.writeBytes(part)
        // Six bytes decide: a field name, its colon, and whether a space follows that does not count.
        guard line.readableBytes >= 6 else { return }
        if isAtStart { skipByteOrderMark() }
        guard isBounded(line.readableBytes) else { return }
        let value = line.withUnsafeReadableBytes { Self.value(of: "data", in: $0)?.count }
        guard let value, line.readableBytes >= 6 else { return }
        beginData()
        isInDataLine = true
        line.moveReaderIndex(to: line.writerIndex - value)
        line.withUnsafeReadableBytes { append($0) }
        line.clear()
    }

    private mutating func end(_ rest: UnsafeRawBufferPointer, _ event: (Event) -> Void) {
        if isInDataLine {
            append(rest)
            isInDataLine = false
            return
        }
        guard line.readableBytes > 0 || isAtStart else {
            if isBounded(rest.count) { interpret(rest, event) }
            return
        }
        line.writeBytes(rest)
        if isAtStart { skipByteOrderMark() }
        guard isBounded(line.readableBytes) else { return }
        let whole = line
        line.clear()
        whole.withUnsafeReadableBytes { interpret($0, event) }
    }

    private mutating func skipByteOrderMark() {
        isAtStart = false
        if line.readableBytesView.starts(with: [0xEF, 0xBB, 0xBF]) { line.moveReaderIndex(forwardBy: 3) }
    }

    private mutating func interpret(_ line: UnsafeRawBufferPointer, _ event: (Event) -> Void) {
        guard !line.isEmpty else { return dispatch(event) }
        if let value = Self.value(of: "data", in: line) {
            beginData()
            append(value)
        } else if let value = Self.value(of: "event", in: line) {
            kind =
                value.isEmpty || value.elementsEqual("message".utf8)
                ? .message : value.elementsEqual("endpoint".utf8) ? .endpoint : .other
        } else if let value = Self.value(of: "id", in: line) {
            if !value.contains(0) { pendingID = String(decoding: value, as: UTF8.self) }
        } else if let value = Self.value(of: "retry", in: line) {
            guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }) else { return }
            retryMilliseconds = Int64(String(decoding: value, as: UTF8.self)) ?? .max
        }
    }

    /// The value of a field when the line is of that name.
    private static func value(of name: StaticString, in line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let count = name.utf8CodeUnitCount
        guard line.count >= count,
            line.prefix(count).elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: count))
        else { return nil }
        guard line.count > count else { return UnsafeRawBufferPointer(rebasing: line[count...]) }
        guard line[count] == UInt8(ascii: ":") else { return nil }
        let hasSpace = line.count > count + 1 && line[count + 1] == UInt8(ascii: " ")
        return UnsafeRawBufferPointer(rebasing: line[(count + (hasSpace ? 2 : 1))...])
    }

    // MARK: Events

    private mutating func beginData() {
        if hasData { data.writeInteger(UInt8(ascii: "\n")) }
        hasData = true
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard fits(data.readableBytes, bytes.count) else { return }
        data.writeBytes(bytes)
    }

    /// The same for a line that came at once and for one that came in pieces: room for the name of a field, and for as much data as
    /// an event may have.
    private mutating func isBounded(_ lineBytes: Int) -> Bool {
        if lineBytes > limit + 6 { isTooLarge = true }
        return !isTooLarge
    }

    private mutating func fits(_ count: Int, _ more: Int) -> Bool {
        if count + more > limit { isTooLarge = true }
        return !isTooLarge
    }

    private mutating func dispatch(_ event: (Event) -> Void) {
        if let pendingID {
            lastEventID = pendingID
            self.pendingID = nil
        }
        let done = Event(kind: kind, data: data)
        kind = .message
        hasData = false
        data = ByteBuffer()
        if done.data.readableBytes > 0 { event(done) }
    }
}
