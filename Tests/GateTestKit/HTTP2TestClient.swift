import NIOCore
import NIOHPACK

/// A client that writes HTTP/2 frames one by one and reads them as they come (RFC 9113). Blocking, for one thread at a time.
package final class HTTP2TestClient: @unchecked Sendable {
    package struct Frame: Sendable {
        package var type: UInt8
        package var flags: UInt8
        package var stream: UInt32
        package var payload: [UInt8]
    }

    package struct Reply: Sendable {
        package var headers: [String: String] = [:]
        package var body: [UInt8] = []
        /// The code of the frame that has reset the stream; nil when it has ended in an orderly way.
        package var resetCode: UInt32?
        package var status: Int { headers[":status"].flatMap(Int.init) ?? 0 }
        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package static let data: UInt8 = 0, headers: UInt8 = 1, reset: UInt8 = 3, settings: UInt8 = 4, goAway: UInt8 = 7
    package static let windowUpdate: UInt8 = 8

    package let tls: TLSTestClient
    private let authority: String
    private var received: [UInt8] = []
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var replies: [UInt32: Reply] = [:]
    private var ended: Set<UInt32> = []
    private var nextStream: UInt32 = 1
    /// The last frame that said that no more streams are taken.
    package private(set) var goAwayCode: UInt32?

    /// - Parameters:
    ///   - window: what the server may send on each stream before it hears more.
    package init(port: UInt16, authority: String, tls options: TLSTestClient.Options, window: UInt32 = 1 << 20) throws {
        var options = options
        options.protocols = ["h2"]
        tls = try TLSTestClient(port: port, options)
        self.authority = authority
        guard tls.shakeHands(), tls.selectedProtocol == "h2" else { throw TestKitError("no HTTP/2") }
        tls.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
        let setting: [UInt8] = [0, 4] + HTTP2TestClient.bytes(window)
        send(HTTP2TestClient.settings, stream: 0, setting)
        if window > 65_535 { send(HTTP2TestClient.windowUpdate, stream: 0, HTTP2TestClient.bytes(1 << 24)) }
    }

    package func send(_ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]) {
        let count = payload.count
        let length = [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
        tls.send(length + [type, flags] + HTTP2TestClient.bytes(stream) + payload)
    }

    /// Sends a head; names and values as they are, uncompressed.
    package func head(_ fields: [(String, String)], ends: Bool) -> UInt32 {
        let stream = nextStream
        nextStream += 2
        var block: [UInt8] = []
        for (name, value) in fields {
            block.append(0)
            block += HTTP2TestClient.literal(name) + HTTP2TestClient.literal(value)
        }
        send(HTTP2TestClient.headers, flags: 4 | (ends ? 1 : 0), stream: stream, block)
        return stream
    }

    package func usual(_ method: String, _ path: String) -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]
    }

    package func request(
        _ method: String, _ path: String, _ more: [(String, String)] = [], body: [UInt8]? = nil
    ) -> UInt32 {
        let stream = head(usual(method, path) + more, ends: body == nil)
        guard let body else { return stream }
        var rest = body[...]
        repeat {
            let part = rest.prefix(16_384)
            rest = rest.dropFirst(part.count)
            send(HTTP2TestClient.data, flags: rest.isEmpty ? 1 : 0, stream: stream, Array(part))
        } while !rest.isEmpty
        return stream
    }

    package func cancel(_ stream: UInt32) { send(HTTP2TestClient.reset, stream: stream, HTTP2TestClient.bytes(8)) }

    /// The whole answer on a stream; nil when the connection ends before it.
    package func reply(_ stream: UInt32) -> Reply? {
        while !ended.contains(stream) { guard take() else { return nil } }
        return replies[stream]
    }

    /// What has come of an answer when `isEnough` of it has; nil when the connection ends before that.
    package func reply(_ stream: UInt32, until isEnough: (Reply) -> Bool) -> Reply? {
        while true {
            if let reply = replies[stream], isEnough(reply) { return reply }
            guard take() else { return nil }
        }
    }

    /// Reads until the server closes the connection.
    package func readToEnd() { while take() {} }

    /// - Returns: false when nothing more comes.
    private func take() -> Bool {
        guard let frame = read() else { return false }
        switch frame.type {
        case HTTP2TestClient.headers:
            var block = ByteBuffer(bytes: frame.payload)
            for (name, value, _) in (try? decoder.decodeHeaders(from: &block)) ?? HPACKHeaders() {
                replies[frame.stream, default: Reply()].headers[name] = value
            }
        case HTTP2TestClient.data: replies[frame.stream, default: Reply()].body += frame.payload
        case HTTP2TestClient.reset:
            replies[frame.stream, default: Reply()].resetCode = HTTP2TestClient.number(frame.payload)
            ended.insert(frame.stream)
        case HTTP2TestClient.settings where frame.flags & 1 == 0:
            send(HTTP2TestClient.settings, flags: 1, stream: 0, [])
        case HTTP2TestClient.goAway: goAwayCode = HTTP2TestClient.number(Array(frame.payload.dropFirst(4)))
        default: break
        }
        if frame.flags & 1 == 1, frame.type <= HTTP2TestClient.headers { ended.insert(frame.stream) }
        return true
    }

    private func read() -> Frame? {
        guard fill(9) else { return nil }
        let count = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
        guard fill(9 + count) else { return nil }
        let frame = Frame(
            type: received[3], flags: received[4], stream: HTTP2TestClient.number(Array(received[5..<9])) & 0x7FFF_FFFF,
            payload: Array(received[9..<(9 + count)]))
        received.removeFirst(9 + count)
        return frame
    }

    private func fill(_ count: Int) -> Bool {
        while received.count < count {
            guard case .bytes(let more) = tls.read() else { return false }
            received += more
        }
        return true
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    private static func number(_ bytes: [UInt8]) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// A string that is not compressed (RFC 7541, 5.2).
    private static func literal(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var count = text.utf8.count
        if count < 127 {
            bytes.append(UInt8(count))
        } else {
            bytes.append(127)
            count -= 127
            while count >= 128 {
                bytes.append(UInt8(count & 127 | 128))
                count >>= 7
            }
            bytes.append(UInt8(count))
        }
        return bytes + Array(text.utf8)
    }
}
