import GateCurl
import GateProtocol
import NIOCore

/// Reads one HTTP response as MCP messages, and says at its end what it meant.
struct ReplyReader: Sendable {
    enum Form: Sendable {
        /// Nothing that could be a message: 202, 204, or a type that MCP does not use.
        case other
        case message
        case events
        case refusal
    }

    enum Ending: Sendable {
        case done
        case deliver(ByteBuffer)
        case fail(LinkFailure)
        /// The stream broke off before the answer and can be taken up again.
        case resume
    }

    private let limit: Int
    private(set) var status = 0
    private(set) var form = Form.other
    private(set) var decoder: SSEDecoder
    private var body = ByteBuffer()
    private var contentType = ""
    private var location: String?
    /// Whether a body of the refusal may be a JSON-RPC error and is kept whole.
    private var keepsWhole = false
    private var last: ByteBuffer?

    /// Memory set aside in advance for an announced size.
    private static let largestReserve = 1 << 20
    private static let shownPrefix = 1024
    private static let eventLimit = 16 << 20

    init(limit: Int, resuming decoder: SSEDecoder? = nil) {
        self.limit = limit
        self.decoder = SSEDecoder(
            limit: min(limit, Self.eventLimit), resuming: decoder?.lastEventID ?? "",
            retryMilliseconds: decoder?.retryMilliseconds)
    }

    /// Bytes that have come and are not delivered.
    var heldBytes: Int { body.readableBytes + decoder.heldBytes }
    var isSuccess: Bool { (200..<300).contains(status) }
    var canResume: Bool { MCPHeader.isReturnable(decoder.lastEventID) }

    mutating func head(_ head: CurlResponseHead) -> LinkFailure? {
        status = head.status
        contentType = head.value("content-type") ?? ""
        let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        let isJSON = Self.equal(type, "application/json")
        guard isSuccess else {
            form = .refusal
            keepsWhole = isJSON
            location = head.value("location")
            return nil
        }
        if Self.equal(type, "text/event-stream") {
            form = .events
            return nil
        }
        guard isJSON || type.isEmpty, status != 202, status != 204 else { return nil }
        form = .message
        guard let length = head.contentLength else { return nil }
        guard length <= limit else { return tooLarge }
        body.reserveCapacity(min(length, Self.largestReserve))
        return nil
    }

    /// Takes the next bytes; events go to `event`.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ event: (SSEDecoder.Event) -> Void) -> LinkFailure? {
        switch form {
        case .other: return nil
        case .events:
            var newest: ByteBuffer?
            let fits = decoder.feed(bytes) {
                event($0)
                if $0.kind == .message { newest = $0.data }
            }
            if let newest { last = newest }
            return fits ? nil : tooLarge
        case .message:
            guard body.readableBytes + bytes.count <= limit else { return tooLarge }
            body.writeBytes(bytes)
            return nil
        case .refusal:
            let room = (keepsWhole ? limit : Self.shownPrefix) - body.readableBytes
            body.writeBytes(bytes.prefix(max(0, room)))
            return nil
        }
    }

    /// What the response to a request was.
    func ending(_ error: CurlError?, carriedSession: Bool, mayResume: Bool) -> Ending {
        switch form {
        case .refusal: return refusalEnding(carriedSession: carriedSession)
        case .events:
            // The answer is the last message of its stream.
            if let last, Self.isResponse(last) { return .done }
            if mayResume, canResume { return .resume }
            return .fail(error.map(LinkFailure.init) ?? streamEnded)
        case .message where error == nil:
            guard body.readableBytes > 0 else { return .fail(noAnswer) }
            return .deliver(body)
        case .message, .other:
            return .fail(error.map(LinkFailure.init) ?? noAnswer)
        }
    }

    private func refusalEnding(carriedSession: Bool) -> Ending {
        if status == 404, carriedSession {
            return .fail(LinkFailure(.sessionLost, "it no longer knows the session", sent: false))
        }
        if keepsWhole, Self.isResponse(body) { return .deliver(body) }
        return .fail(.status(status, body: body, location: location))
    }

    private static func isResponse(_ message: ByteBuffer) -> Bool {
        guard let parsed = try? WireMessage(message) else { return false }
        return parsed.envelope.kind == .result || parsed.envelope.kind == .failure
    }

    private static func equal(_ type: some Sequence<UInt8>, _ name: StaticString) -> Bool {
        type.lazy.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            .elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    private var tooLarge: LinkFailure {
        LinkFailure(.tooLarge, "its answer is larger than the allowed \(limit) bytes.", sent: true)
    }

    private var streamEnded: LinkFailure {
        LinkFailure(.protocolBreach, "its event stream ended without the answer.", sent: true)
    }

    private var noAnswer: LinkFailure {
        let type = contentType.isEmpty ? "no content type" : "content type `\(contentType.prefix(100))`"
        return LinkFailure(
            .protocolBreach, "it answered HTTP \(status) with \(type) instead of a JSON-RPC message.", sent: true)
    }
}
