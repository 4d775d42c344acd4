import GateCore
import GateProtocol

/// Writes members of a JSON object into an array of bytes. Every call is written by it, so it does nothing more than that.
struct LineWriter: Sendable {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func raw(_ text: some Collection<UInt8>) { bytes.append(contentsOf: text) }

    /// - Parameter name: with comma, quotes and colon.
    mutating func text(_ name: StaticString, _ value: String) {
        raw(name)
        var value = value
        value.withUTF8 { text in
            let isPlain = text.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            guard isPlain else { return JSONString.append(String(decoding: text, as: UTF8.self), to: &bytes) }
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: text)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// A text that needs no escaping.
    /// - Parameter name: up to and with the opening quote.
    mutating func word(_ name: StaticString, _ value: String) {
        raw(name)
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func number(_ name: StaticString, _ value: Int) {
        raw(name)
        decimal(UInt64(max(0, value)))
    }

    /// Whole microseconds, as a decimal number of milliseconds.
    mutating func time(_ name: StaticString, _ value: Duration) {
        let microseconds = UInt64(clamping: value.wholeMicroseconds)
        raw(name)
        decimal(microseconds / 1_000)
        let thousandths = microseconds % 1_000
        guard thousandths > 0 else { return }
        raw(thousandths < 10 ? ".00" : thousandths < 100 ? ".0" : ".")
        decimal(thousandths)
    }

    /// Lower-case hexadecimal digits.
    mutating func hex(_ value: some Sequence<UInt8>) {
        for byte in value {
            bytes.append(LineWriter.digit(byte >> 4))
            bytes.append(LineWriter.digit(byte & 15))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    private mutating func decimal(_ value: UInt64) {
        let start = bytes.count
        var rest = value
        repeat {
            bytes.append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
            rest /= 10
        } while rest != 0
        bytes[start...].reverse()
    }
}
