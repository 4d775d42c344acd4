package import NIOCore

/// Building messages out of fixed text and bytes that are passed on.
extension ByteBuffer {
    /// A string with its quotes, escaped as JSON demands.
    package mutating func writeJSONString(_ string: String) {
        writeInteger(UInt8(ascii: "\""))
        var text = string
        text.withUTF8 { utf8 in
            var plain = 0
            for index in utf8.indices {
                let byte = utf8[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                writeBytes(UnsafeBufferPointer(rebasing: utf8[plain..<index]))
                plain = index + 1
                switch byte {
                case 0x0A: writeStaticString("\\n")
                case 0x0D: writeStaticString("\\r")
                case 0x09: writeStaticString("\\t")
                case UInt8(ascii: "\""): writeStaticString("\\\"")
                case UInt8(ascii: "\\"): writeStaticString("\\\\")
                default:
                    let hex: StaticString = "0123456789abcdef"
                    writeStaticString("\\u00")
                    writeInteger(hex.utf8Start[Int(byte >> 4)])
                    writeInteger(hex.utf8Start[Int(byte & 15)])
                }
            }
            writeBytes(UnsafeBufferPointer(rebasing: utf8[plain...]))
        }
        writeInteger(UInt8(ascii: "\""))
    }

    /// A decimal number.
    package mutating func writeDecimal(_ value: UInt64) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { space in
            var index = space.count
            var rest = value
            repeat {
                index &-= 1
                space[index] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
                rest /= 10
            } while rest != 0
            writeBytes(UnsafeRawBufferPointer(rebasing: space[index...]))
        }
    }

    /// Appends bytes without moving the other buffer's reader index.
    package mutating func writeImmutable(_ other: ByteBuffer) {
        writeImmutableBuffer(other)
    }
}
