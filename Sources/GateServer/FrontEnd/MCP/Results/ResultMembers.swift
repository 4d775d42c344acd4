import GateBackend
import GateProtocol
import NIOCore

/// A result with some of its members left out, some with another value, and some more; the rest are the backend's bytes.
struct ResultMembers {
    private enum Change {
        case drop
        case replace([ByteBuffer])
    }

    let message: WireMessage
    private let fields: JSONFields
    private var changes: [Int: Change] = [:]
    private var added: [ByteBuffer] = []

    init(_ message: WireMessage, _ fields: JSONFields) {
        self.message = message
        self.fields = fields
    }

    func find(_ name: StaticString) -> JSONField? { message.resultMember(name) }

    /// A member's value as it is going to be.
    func value(_ field: JSONField) -> ByteBuffer {
        guard let index = fields.list.firstIndex(of: field), case .replace(let pieces)? = changes[index] else {
            return message.slice(field.value)
        }
        var out = ByteBuffer()
        for piece in pieces { out.writeImmutable(piece) }
        return out
    }

    mutating func drop(_ name: StaticString) { change(name, .drop) }

    /// - Parameter value: JSON text, in pieces that are written one after the other.
    mutating func replace(_ name: StaticString, with value: [ByteBuffer]) { change(name, .replace(value)) }

    /// - Parameter member: a name with its value, as JSON text: `"isError":true`.
    mutating func add(_ member: String) { added.append(ByteBuffer(string: member)) }

    mutating func add(_ member: ByteBuffer) { added.append(member) }

    private mutating func change(_ name: StaticString, _ change: Change) {
        let index = message.buffer.withUnsafeReadableBytes { text in
            fields.list.firstIndex { !$0.keyIsEscaped && JSONString.equal(text, $0.key, name) }
        }
        if let index { changes[index] = change }
    }

    /// The response, from its opening on.
    func parts(opening: ByteBuffer) -> [ByteBuffer] {
        if changes.isEmpty { return untouched(opening) }
        var out = Pieces(opening)
        for member in added { out.member([member]) }
        // Neighbours that stay are one piece.
        var run: Range<Int>?
        for (index, field) in fields.list.enumerated() {
            // From the key's quote to the value's end.
            let whole = (field.key.lowerBound - 1)..<field.value.upperBound
            if let change = changes[index] {
                if let kept = run { out.member([message.slice(kept)]) }
                run = nil
                guard case .replace(let value) = change else { continue }
                let key = message.slice((field.key.lowerBound - 1)..<(field.key.upperBound + 1))
                out.member([key, ByteBuffer(string: ":")] + value)
            } else {
                run = (run?.lowerBound ?? whole.lowerBound)..<whole.upperBound
            }
        }
        if let kept = run { out.member([message.slice(kept)]) }
        return out.end()
    }

    private func untouched(_ opening: ByteBuffer) -> [ByteBuffer] {
        guard !added.isEmpty else { return [opening, message.slice(fields.range), ResultMembers.closing] }
        var opening = opening
        opening.writeStaticString("{")
        for (index, member) in added.enumerated() {
            if index > 0 { opening.writeStaticString(",") }
            opening.writeImmutable(member)
        }
        if !fields.list.isEmpty { opening.writeStaticString(",") }
        let rest = message.slice((fields.range.lowerBound + 1)..<fields.range.upperBound)
        return [opening, rest, ResultMembers.closing]
    }

    private static let closing = ByteBuffer(string: "}")

    /// Members behind one another, with commas between them.
    private struct Pieces {
        private var parts: [ByteBuffer]
        private var isEmpty = true

        init(_ opening: ByteBuffer) { parts = [opening, ByteBuffer(string: "{")] }

        mutating func member(_ pieces: [ByteBuffer]) {
            if !isEmpty { parts.append(ByteBuffer(string: ",")) }
            isEmpty = false
            parts += pieces
        }

        func end() -> [ByteBuffer] { parts + [ByteBuffer(string: "}}")] }
    }
}
