import NIOCore
import NIOHTTP1

/// Writes response heads.
enum ResponseHeadEncoder {
    /// How the body of a response is delimited.
    enum Framing {
        case length(Int)
        case chunked
        /// By the end of the connection: a stream to an HTTP/1.0 client.
        case close
        /// No body and no length: 204 and 304.
        case none
    }

    static let continueResponse: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// Appends a head to `buffer`. `Date`, `Content-Length`, `Transfer-Encoding` and `Connection` are the server's own; fields
    /// with these names in `headers` are left out.
    /// - Returns: false when a field would break the framing; `buffer` is then unusable.
    static func write(
        status: HTTPResponseStatus, headers: HTTPHeaders, framing: Framing, connection: StaticString?, date: String,
        into buffer: inout ByteBuffer
    ) -> Bool {
        writeStatusLine(status, into: &buffer)
        buffer.writeStaticString("Date: ")
        buffer.writeString(date)
        switch framing {
        case .length(let length):
            buffer.writeStaticString("\r\nContent-Length: ")
            writeDecimal(length, into: &buffer)
        case .chunked: buffer.writeStaticString("\r\nTransfer-Encoding: chunked")
        case .close, .none: break
        }
        if let connection {
            buffer.writeStaticString("\r\nConnection: ")
            buffer.writeStaticString(connection)
        }
        for (name, value) in headers {
            guard !isOwn(name) else { continue }
            guard isFieldName(name), isFieldValue(value) else { return false }
            buffer.writeStaticString("\r\n")
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
        }
        buffer.writeStaticString("\r\n\r\n")
        return true
    }

    private static func writeStatusLine(_ status: HTTPResponseStatus, into buffer: inout ByteBuffer) {
        switch status {
        case .ok: buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        case .accepted: buffer.writeStaticString("HTTP/1.1 202 Accepted\r\n")
        default:
            buffer.writeStaticString("HTTP/1.1 ")
            writeDecimal(Int(status.code), into: &buffer)
            buffer.writeStaticString(" ")
            let phrase = status.reasonPhrase
            buffer.writeString(isFieldValue(phrase) ? phrase : "")
            buffer.writeStaticString("\r\n")
        }
    }

    private static func writeDecimal(_ value: Int, into buffer: inout ByteBuffer) {
        if value < 10 {
            buffer.writeInteger(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
        } else {
            writeDecimal(value / 10, into: &buffer)
            buffer.writeInteger(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
        }
    }

    static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: ASCII.equalsIgnoringCase(name.utf8, "date")
        case 10: ASCII.equalsIgnoringCase(name.utf8, "connection")
        case 14: ASCII.equalsIgnoringCase(name.utf8, "content-length")
        case 17: ASCII.equalsIgnoringCase(name.utf8, "transfer-encoding")
        default: false
        }
    }

    static func isFieldName(_ name: String) -> Bool {
        !name.utf8.isEmpty && name.utf8.allSatisfy(ASCII.isToken)
    }

    static func isFieldValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { ($0 >= 0x20 && $0 < 0x7F) || $0 == ASCII.tab }
    }
}
