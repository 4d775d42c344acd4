package import NIOCore
import NIOHTTP1

/// The chunked transfer coding without what real clients never send and attacks are made of: chunk extensions, trailers, bare line feeds.
package struct ChunkedDecoder {
    private enum State {
        case size(value: Int, digits: Int)
        case sizeLineFeed(value: Int)
        case data(remaining: Int)
        case dataCarriageReturn
        case dataLineFeed
        case endCarriageReturn
        case endLineFeed
    }

    private var state = State.size(value: 0, digits: 0)
    private let maxBytes: Int

    package init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    /// Moves the content of chunks from the front of `buffer` to the end of `body`.
    /// - Returns: whether the last chunk was read.
    package mutating func decode(_ buffer: inout ByteBuffer, into body: inout ByteBuffer) throws(HTTPRefusal) -> Bool {
        while buffer.readableBytes > 0 {
            if case .data(let remaining) = state {
                guard var part = buffer.readSlice(length: min(remaining, buffer.readableBytes)) else { return false }
                let left = remaining - part.readableBytes
                body.writeBuffer(&part)
                state = left == 0 ? .dataCarriageReturn : .data(remaining: left)
                continue
            }
            guard let byte: UInt8 = buffer.readInteger() else { return false }
            if try step(byte, received: body.readableBytes) { return true }
        }
        return false
    }

    private mutating func step(_ byte: UInt8, received: Int) throws(HTTPRefusal) -> Bool {
        switch state {
        case .size(let value, let digits):
            if let digit = ASCII.hexValue(byte), digits < 8 {
                let size = value << 4 | digit
                guard size <= maxBytes - received else {
                    throw HTTPRefusal(.payloadTooLarge, "the request body is too large")
                }
                state = .size(value: size, digits: digits + 1)
            } else {
                guard byte == ASCII.carriageReturn, digits > 0 else { throw Self.malformed }
                state = .sizeLineFeed(value: value)
            }
        case .sizeLineFeed(let value):
            try expect(byte, ASCII.lineFeed)
            state = value == 0 ? .endCarriageReturn : .data(remaining: value)
        case .data: break
        case .dataCarriageReturn:
            try expect(byte, ASCII.carriageReturn)
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(byte, ASCII.lineFeed)
            state = .size(value: 0, digits: 0)
        case .endCarriageReturn:
            try expect(byte, ASCII.carriageReturn)
            state = .endLineFeed
        case .endLineFeed:
            try expect(byte, ASCII.lineFeed)
            return true
        }
        return false
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(HTTPRefusal) {
        guard byte == wanted else { throw Self.malformed }
    }

    private static let malformed = HTTPRefusal(.badRequest, "bad chunked body")
}
