import NIOCore
import NIOHTTP1

/// Collects one request body from the bytes that follow its head.
struct HTTPBodyReader {
    private enum State {
        case none
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
    }

    private static let largestReserve = 1 << 20

    private var state: State
    private var body = ByteBuffer()
    private let maxBytes: Int

    init(framing: HTTPHead.BodyFraming, maxBytes: Int) throws(HTTPRefusal) {
        self.maxBytes = maxBytes
        switch framing {
        case .none: state = .none
        case .length(let length):
            guard length <= maxBytes else { throw HTTPRefusal(.payloadTooLarge, "the request body is too large") }
            state = .length(remaining: length)
        case .chunked: state = .chunked(ChunkedDecoder(maxBytes: maxBytes))
        }
    }

    /// Bytes collected so far.
    var received: Int { body.readableBytes }

    /// Takes what belongs to the body from the front of `buffer`.
    /// - Returns: the whole body, or nil when more bytes are needed.
    mutating func read(_ buffer: inout ByteBuffer) throws(HTTPRefusal) -> ByteBuffer? {
        switch state {
        case .none: return body
        case .length(let remaining):
            if body.readableBytes == 0, let whole = buffer.readSlice(length: remaining) { return whole }
            guard buffer.readableBytes > 0 else { return nil }
            // Once: growing by doubling would leave twice as much behind. Pages that are never written take no memory.
            if body.capacity == 0 { body.reserveCapacity(min(remaining, Self.largestReserve)) }
            guard var part = buffer.readSlice(length: min(remaining, buffer.readableBytes)) else { return nil }
            let left = remaining - part.readableBytes
            body.writeBuffer(&part)
            state = .length(remaining: left)
            return left == 0 ? body : nil
        case .chunked(var decoder):
            // The state is replaced so that the decoder is not copied while it is changed.
            state = .none
            let isComplete = try decoder.decode(&buffer, into: &body)
            if isComplete { return body }
            state = .chunked(decoder)
            return nil
        }
    }
}
