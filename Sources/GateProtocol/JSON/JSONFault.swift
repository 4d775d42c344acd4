/// Why a text is not acceptable JSON, and where.
public struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        case empty = "the text is empty"
        case byteOrderMark = "the text begins with a byte order mark"
        case unexpectedEnd = "the text ends in the middle of a value"
        case unexpectedByte = "unexpected character"
        case badNumber = "a number is not written as JSON demands"
        case badEscape = "a string holds an escape that JSON does not know"
        case controlCharacter = "a string holds an unescaped control character"
        case badUTF8 = "a string is not valid UTF-8"
        case tooDeep = "arrays and objects are nested too deeply"
        case tooManyValues = "there are too many values"
        case tooManyMembers = "an object has too many members"
        case duplicateKey = "an object has the same key twice"
        case trailingBytes = "something follows the value"
        case notAnObject = "the value is not an object"
        case notAString = "the value is not a string"
    }

    public let reason: Reason
    /// Offset in bytes from the start of the text.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(reason.rawValue) (at byte \(offset))" }
}
