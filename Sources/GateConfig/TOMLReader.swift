import TOMLKit

/// A TOML text as a tree of values, together with the places of its keys.
struct TOMLReader {
    /// Longest text that is read, in bytes.
    static let maxBytes = 1_024 * 1_024

    let root: ConfigNode
    let outline: TOMLOutline

    /// Why a text is no TOML, with the place when there is one.
    struct Failure: Error, Equatable {
        var message: String
        var position: TOMLOutline.Position?
    }

    init(_ bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Self.maxBytes else {
            throw Failure(message: "the file is larger than 1 MiB, the most that a configuration may have")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(message: "the file is not valid UTF-8", position: Self.firstInvalidPosition(in: bytes))
        }
        if let nul = bytes.firstIndex(of: 0) {
            throw Failure(message: "the file holds a NUL byte", position: Self.position(of: nul, in: bytes))
        }
        do throws(TOMLOutline.Refusal) {
            outline = try TOMLOutline(scanning: bytes)
        } catch {
            throw Failure(message: error.message, position: error.position)
        }
        root = Self.node(try Self.parse(text))
    }

    private static func parse(_ text: String) throws(Failure) -> TOMLTable {
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            throw Failure(message: error.description, position: .init(line: begin.line, column: begin.column))
        } catch {
            throw Failure(message: "the file is not valid TOML")
        }
    }

    /// Asks a value for each type in turn: `TOMLValue.type` dereferences a null pointer in its C++ part.
    private static func node(_ value: any TOMLValueConvertible) -> ConfigNode {
        if let table = value.table {
            var entries: [ConfigNode.Entry] = []
            for key in table.keys {
                guard let value = table[key] else { continue }
                entries.append(.init(key: key, value: node(value)))
            }
            return .table(entries)
        }
        if let array = value.array { return .array(array.map(node)) }
        if let string = value.string { return .string(ConfigString(literal: string)) }
        if let integer = value.int { return .integer(Int64(integer)) }
        if let boolean = value.bool { return .boolean(boolean) }
        if let double = value.double { return .float(double) }
        return .other("a date or time")
    }

    private static func position(of offset: Int, in bytes: [UInt8]) -> TOMLOutline.Position {
        var position = TOMLOutline.Position(line: 1, column: 1)
        for byte in bytes[..<offset] {
            if byte == UInt8(ascii: "\n") {
                position = .init(line: position.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                position.column += 1
            }
        }
        return position
    }

    private static func firstInvalidPosition(in bytes: [UInt8]) -> TOMLOutline.Position? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return position(of: min(offset, bytes.count), in: bytes)
            }
        }
    }
}
