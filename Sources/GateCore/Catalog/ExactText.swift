/// A text whose identity is its UTF-8 bytes.
///
/// `String` equality is canonical equivalence: "é" in its composed and decomposed form, or the Kelvin sign and "K",
/// are equal and fall on one dictionary key. Routing, policy and accounting must not confuse names that differ in
/// bytes, so every such table is keyed by this type.
package struct ExactText: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }

    package static func == (lhs: ExactText, rhs: ExactText) -> Bool {
        lhs.text.sameBytes(as: rhs.text)
    }

    package func hash(into hasher: inout Hasher) {
        text.hashBytes(into: &hasher)
    }
}

extension ExactText: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension String {
    /// Whether both texts consist of the same UTF-8 bytes.
    package func sameBytes(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    func hashBytes(into hasher: inout Hasher) {
        let done: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if done == nil {
            for byte in utf8 { hasher.combine(byte) }
        }
        // Terminates the text, so that ("ab", "c") and ("a", "bc") feed different bytes.
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// The longest beginning of whole characters (code points) within this many bytes.
    package func prefix(bytes count: Int) -> String {
        var bytes = Array(utf8.prefix(max(0, count)))
        guard bytes.count < utf8.count else { return self }
        let next = utf8[utf8.index(utf8.startIndex, offsetBy: bytes.count)]
        // A byte in the middle of a code point: what came of it before goes too.
        if next & 0xC0 == 0x80 {
            while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
