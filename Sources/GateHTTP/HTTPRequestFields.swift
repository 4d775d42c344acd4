/// The header fields of a request, kept as the bytes that were sent. Names match without regard to ASCII case.
///
/// Values are free of control characters and are ASCII or valid UTF-8 (see `HTTPHeadParser`), without the blanks around them.
package struct HTTPRequestFields: Sendable {
    struct Slot: Sendable {
        var name: Range<Int32>
        var value: Range<Int32>
    }

    private let bytes: [UInt8]
    private let slots: [Slot]
    /// Who sends the request, as its responder has found out from a credential; nil when it has none. What a field says of the sender is
    /// worth nothing beside it.
    package var identity: String?

    init(bytes: [UInt8], slots: [Slot]) {
        self.bytes = bytes
        self.slots = slots
    }

    package var count: Int { slots.count }

    /// The value of the first field with this name.
    package subscript(_ name: String) -> String? {
        firstIndex(of: name).map { string(slots[$0].value) }
    }

    /// The values of all fields with this name, in order.
    package func all(_ name: String) -> [String] {
        slots.indices.filter { matches($0, name) }.map { string(slots[$0].value) }
    }

    /// How many fields have this name.
    package func count(of name: String) -> Int {
        slots.indices.reduce(0) { matches($1, name) ? $0 + 1 : $0 }
    }

    package func contains(_ name: String) -> Bool { firstIndex(of: name) != nil }

    /// The bytes of the first field with this name, without a copy.
    package func bytes(of name: String) -> ArraySlice<UInt8>? {
        firstIndex(of: name).map { bytes[range(slots[$0].value)] }
    }

    /// All fields in order, names as sent.
    package var pairs: [(name: String, value: String)] {
        slots.map { (string($0.name), string($0.value)) }
    }

    private func range(_ range: Range<Int32>) -> Range<Int> { Int(range.lowerBound)..<Int(range.upperBound) }

    private func string(_ value: Range<Int32>) -> String { String(decoding: bytes[range(value)], as: UTF8.self) }

    private func firstIndex(of name: String) -> Int? {
        var name = name
        return name.withUTF8 { wanted in
            slots.indices.first { matches($0, wanted) }
        }
    }

    private func matches(_ index: Int, _ name: String) -> Bool {
        var name = name
        return name.withUTF8 { matches(index, $0) }
    }

    private func matches(_ index: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        let name = slots[index].name
        guard name.count == wanted.count else { return false }
        var position = Int(name.lowerBound)
        for byte in wanted {
            guard ASCII.lowercased(bytes[position]) == ASCII.lowercased(byte) else { return false }
            position += 1
        }
        return true
    }
}
